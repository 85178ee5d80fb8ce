package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LazyMemoryTest {
  private static final long LARGE = LazyMemory.LARGE;

  @Test
  void isZeroAndAlignedAndWritable() {
    for (long bytes : new long[] {1, 63, 4096, LARGE - 1, LARGE, LARGE + 13}) {
      for (int again = 0; again < 3; again++) { // memory that was used before must be zero, too
        try (Arena arena = Arena.ofShared()) {
          MemorySegment memory = LazyMemory.allocate(arena, bytes, 64);
          assertEquals(bytes, memory.byteSize());
          assertEquals(0, memory.address() % 64);
          assertEquals(-1, memory.mismatch(arena.allocate(bytes)));
          memory.fill((byte) 7);
          assertEquals(7, memory.get(ValueLayout.JAVA_BYTE, bytes - 1));
        }
      }
    }
  }

  @Test
  void endsWithItsArena() {
    MemorySegment memory;
    try (Arena arena = Arena.ofShared()) {
      memory = LazyMemory.allocate(arena, LARGE, 64);
      assertThrows(IndexOutOfBoundsException.class, () -> memory.get(ValueLayout.JAVA_BYTE, LARGE));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.get(ValueLayout.JAVA_BYTE, -1));
    }
    assertThrows(IllegalStateException.class, () -> memory.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void aClosedArenaTakesNone() {
    Arena arena = Arena.ofShared();
    arena.close();
    assertThrows(IllegalStateException.class, () -> LazyMemory.allocate(arena, LARGE, 64));
  }

  @Test
  void takesNothingBeforeItIsTouched() throws IOException {
    assumeTrue(Files.isReadable(Path.of("/proc/self/statm")), "Linux");
    long bytes = 1L << 30;
    try (Arena arena = Arena.ofShared()) {
      long before = resident();
      MemorySegment memory = LazyMemory.allocate(arena, bytes, 64);
      assertTrue(resident() - before < bytes / 8);
      memory.asSlice(0, bytes / 2).fill((byte) 1);
      assertTrue(resident() - before > bytes * 3 / 8);
    }
  }

  @Test
  void whatThereIsNotIsAnError() {
    try (Arena arena = Arena.ofShared()) {
      assertThrows(OutOfMemoryError.class, () -> LazyMemory.allocate(arena, 1L << 60, 64));
    }
  }

  /** Bytes that the process holds. */
  private static long resident() throws IOException {
    return 4096 * Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]);
  }
}
