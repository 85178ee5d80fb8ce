package dev.homolog.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.core.memory.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiniteTensorsTest {
  /**
   * Lengths around a word and a block of the search, at each alignment, with random finite bits.
   */
  @ParameterizedTest
  @CsvSource({"F64, 7ff0000000000000", "F32, 7f800000", "F16, 7c00", "BF16, 7f80"})
  void firstElementThatIsNotFiniteIsFound(DType dtype, String hex) {
    long exponent = Long.parseLong(hex, 16);
    Random random = new Random(11);
    for (int elements : new int[] {0, 1, 2, 3, 4, 5, 7, 9, 100, 32_767, 32_769, 70_001}) {
      for (int offset = 0; offset < 9; offset += elements > 1000 ? 3 : 1) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment data =
              arena.allocate((long) elements * dtype.bytes() + offset).asSlice(offset);
          for (int i = 0; i < elements; i++) {
            long bits = random.nextLong();
            set(dtype, data, i, (bits & exponent) == exponent ? bits ^ exponent : bits);
          }
          assertEquals(-1, FiniteTensors.firstNotFinite(dtype, data));
          if (elements > 0) {
            set(dtype, data, elements - 1, -1);
            assertEquals(elements - 1, FiniteTensors.firstNotFinite(dtype, data));
            set(dtype, data, elements / 2, exponent);
            assertEquals(elements / 2, FiniteTensors.firstNotFinite(dtype, data));
            set(dtype, data, 0, exponent | 1);
            assertEquals(0, FiniteTensors.firstNotFinite(dtype, data));
          }
        }
      }
    }
  }

  private static void set(DType dtype, MemorySegment data, int element, long bits) {
    if (dtype == DType.F64) {
      data.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * element, bits);
    } else if (dtype == DType.F32) {
      data.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * element, (int) bits);
    } else {
      data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * element, (short) bits);
    }
  }
}
