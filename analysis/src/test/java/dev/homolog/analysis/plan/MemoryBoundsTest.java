package dev.homolog.analysis.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MemoryBoundsTest {
  /** As in a container with less memory than the process holds, part of it on its disk. */
  @Test
  void nothingFreeIsNoNegativeNumber() {
    MemoryBounds bounds = new MemoryBounds(1L << 30, -92_544_409, -1, 0, 1L << 30);
    assertEquals(0, bounds.available());
    assertEquals(0, bounds.outsideHeap());
  }

  @Test
  void thereIsSomeNow() {
    MemoryBounds now = MemoryBounds.now();
    assertTrue(now.resident() > 0 && now.available() >= 0 && now.mostHeap() > 0, now.toString());
  }
}
