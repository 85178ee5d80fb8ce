package dev.homolog.core.checkpoint;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Damages bytes in the ways that find faults in readers of files. */
final class Mutator {
  private static final long[] NUMBERS = {
    0,
    1,
    2,
    7,
    8,
    16,
    64,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    100_000_000,
    100_000_001,
    Integer.MAX_VALUE,
    1L << 31,
    0xffff_fffeL,
    0xffff_ffffL,
    1L << 32,
    1L << 40,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    -2
  };

  /** Opcodes of every protocol, and a few bytes that are none. */
  private static final byte[] OPCODES =
      "(.012FIJKLMNPQRSTUVXabcdeghijlopqrstu]})\u0080\u0081\u0082\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008d\u008e\u008f\u0090\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\377"
          .getBytes(StandardCharsets.ISO_8859_1);

  private static final List<String> WORDS =
      List.of(
          "../",
          "/etc/passwd",
          "..\\",
          "null",
          "true",
          "[[[[",
          "{",
          "}",
          "\"",
          "\\u0000",
          "\\ud800",
          "-1",
          "1e999",
          "0x10",
          "NaN",
          "9223372036854775808",
          "F64",
          "BF16",
          "U8",
          "cos\nsystem\n",
          "cbuiltins\neval\n",
          "ctorch\nLongStorage\n",
          "PK\1\2",
          "PK\3\4",
          "PK\5\6",
          "__metadata__",
          "transformer.",
          "lm_head.weight",
          "gpt_neox.",
          "embed_out.weight",
          "rope_parameters",
          "rope_theta",
          "weight_map");

  private final SplittableRandom random;

  Mutator(SplittableRandom random) {
    this.random = random;
  }

  /**
   * One to four changes.
   *
   * @param other what splices are taken from
   */
  byte[] mutate(byte[] input, byte[] other) {
    byte[] bytes = input.clone();
    for (int n = random.nextBoolean() ? 1 : 2 + random.nextInt(3); n > 0; n--) {
      bytes = once(bytes, other);
    }
    return bytes;
  }

  private byte[] once(byte[] bytes, byte[] other) {
    if (bytes.length == 0) {
      return other.clone();
    }
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(14)) {
      case 0, 1, 2 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 3 -> bytes[at] = (byte) random.nextInt(256);
      case 4, 5 -> bytes[at] = OPCODES[random.nextInt(OPCODES.length)];
      case 6, 7 -> number(bytes, at);
      case 8 -> {
        return splice(bytes, at, 0, part(other));
      }
      case 9 -> {
        return splice(bytes, at, random.nextInt(64), part(other));
      }
      case 10 -> {
        return splice(bytes, at, 1 + random.nextInt(1 + random.nextInt(bytes.length)), new byte[0]);
      }
      case 11 -> {
        String word = WORDS.get(random.nextInt(WORDS.size()));
        int cut = random.nextBoolean() ? 0 : word.length();
        return splice(bytes, at, cut, word.getBytes(StandardCharsets.ISO_8859_1));
      }
      case 12 -> {
        return decimal(bytes, at);
      }
      default -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length + 64));
      }
    }
    return bytes;
  }

  /** A length or offset in 1, 2, 4 or 8 bytes, set or moved a little. */
  private void number(byte[] bytes, int at) {
    int width = 1 << random.nextInt(4);
    long value = NUMBERS[random.nextInt(NUMBERS.length)];
    if (random.nextBoolean()) {
      value = random.nextInt(-4, 5);
      for (int i = 0; i < width && at + i < bytes.length; i++) {
        value += (bytes[at + i] & 0xffL) << 8 * i;
      }
    }
    for (int i = 0; i < width && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (value >>> 8 * i);
    }
  }

  /** The next number in digits becomes another one. */
  private byte[] decimal(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && (bytes[at] < '0' || bytes[at] > '9')) {
      at++;
    }
    int end = at;
    while (end < bytes.length && bytes[end] >= '0' && bytes[end] <= '9') {
      end++;
    }
    String number =
        random.nextBoolean()
            ? Long.toString(NUMBERS[random.nextInt(NUMBERS.length)])
            : Integer.toString(random.nextInt(300));
    return splice(bytes, at, end - at, number.getBytes(StandardCharsets.ISO_8859_1));
  }

  private byte[] part(byte[] bytes) {
    int from = random.nextInt(bytes.length);
    return Arrays.copyOfRange(
        bytes, from, from + random.nextInt(Math.min(200, bytes.length - from) + 1));
  }

  private static byte[] splice(byte[] bytes, int at, int cut, byte[] in) {
    int after = Math.min(bytes.length, at + cut);
    byte[] result = Arrays.copyOf(bytes, at + in.length + bytes.length - after);
    System.arraycopy(in, 0, result, at, in.length);
    System.arraycopy(bytes, after, result, at + in.length, bytes.length - after);
    return result;
  }
}
