package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Buckets and signs of tokens: those of SplitMix64, and spread evenly. */
class TokenHashTest {
  /** The first output of SplitMix64 in state 0, as its authors published it. */
  @Test
  void isThreeStepsOfSplitMix64() {
    assertEquals(0xe220a8397b1dcdafL, new SplittableRandom(0).nextLong());
    for (long seed : new long[] {0, 1, -5, Long.MAX_VALUE}) {
      for (long row : new long[] {0, 1, 77, 1L << 40}) {
        for (long column : new long[] {0, 3, 1023}) {
          long first = new SplittableRandom(seed).nextLong();
          long second = new SplittableRandom(first ^ row).nextLong();
          long third = new SplittableRandom(second ^ column).nextLong();
          TokenHash hash = new TokenHash(seed, 1000);
          assertEquals(third, hash.of(row, column));
          assertEquals(
              Math.floor((third >>> 33) / 0x1p31 * 1000), hash.bucket(third), "bucket of 1000");
          assertEquals(third % 2 == 0 ? 1 : -1, hash.sign(third));
        }
      }
    }
  }

  /** By Pearson's χ²: of K buckets it has mean K − 1 and variance 2 (K − 1). */
  @Test
  void bucketsAndSignsAreEven() {
    for (int size : new int[] {256, 1000, 32_768}) {
      TokenHash hash = new TokenHash(0, size);
      int tokens = 1 << 19;
      int[] counts = new int[size];
      long signs = 0;
      for (int t = 0; t < tokens; t++) {
        long position = hash.of(t / 512, t % 512);
        counts[hash.bucket(position)]++;
        signs += hash.sign(position);
      }
      double mean = (double) tokens / size;
      double chi = 0;
      for (int count : counts) {
        chi += (count - mean) * (count - mean) / mean;
      }
      assertEquals(size - 1, chi, 4 * Math.sqrt(2.0 * size), size + " buckets");
      assertTrue(Math.abs(signs) < 4 * Math.sqrt(tokens), signs + " more of one sign");
    }
  }

  @Test
  void sizesOutOfRangeAreRefused() {
    assertEquals("--sketch-size", refused(255));
    assertEquals("--sketch-size", refused((1 << 22) + 1));
    assertEquals(0, Method.EXACT.standardError());
    assertEquals(1 / 256.0, Method.sketch(1 << 16).standardError(), 1e-15);
    // 1 / 1000 + (1 − 1 / 1000) / 1000 is one over 500.3
    assertEquals(500, Method.sketch(1000).independentTokens(1000));
    assertEquals(256, Method.sketch(256).independentTokens(1L << 50));
    assertEquals(1000, Method.EXACT.independentTokens(1000));
  }

  private static String refused(int size) {
    return assertThrows(InputException.class, () -> Method.sketch(size)).where();
  }
}
