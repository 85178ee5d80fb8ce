package dev.homolog.analysis.input;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.analysis.plan.MemoryBounds;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What a compressed file may hold, beside what the process holds already. */
class LimitsTest {
  private static final long MIB = 1L << 20;

  @Test
  void theWindowCountsAsMemory() {
    MemoryBounds bounds = new MemoryBounds(200 * MIB, 1000 * MIB, 0, 0, 0);
    assertEquals(950 * MIB, Limits.window(OptionalLong.empty(), bounds));
    assertEquals(300 * MIB, Limits.window(OptionalLong.of(500 * MIB), bounds));
    assertEquals(950 * MIB, Limits.window(OptionalLong.of(8000 * MIB), bounds));
    assertEquals(8 * MIB, Limits.window(OptionalLong.of(100 * MIB), bounds));
  }
}
