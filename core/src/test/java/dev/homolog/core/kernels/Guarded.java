package dev.homolog.core.kernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * Memory that ends at a page that cannot be read: kernels that read on crash the test. Any thread.
 */
@SuppressWarnings("restricted") // mmap and mprotect of the C library
final class Guarded implements Arena {
  private static final long PAGE = 4096;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final SymbolLookup C = Linker.nativeLinker().defaultLookup();
  private static final MethodHandle MMAP =
      Linker.nativeLinker()
          .downcallHandle(
              C.findOrThrow("mmap"),
              FunctionDescriptor.of(
                  ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MPROTECT =
      Linker.nativeLinker()
          .downcallHandle(
              C.findOrThrow("mprotect"),
              FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle MUNMAP =
      Linker.nativeLinker()
          .downcallHandle(
              C.findOrThrow("munmap"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));

  private final Arena arena = Arena.ofShared();

  @Override
  public MemorySegment allocate(long bytes, long alignment) {
    long pages = (bytes + PAGE - 1) / PAGE * PAGE;
    try {
      MemorySegment all =
          (MemorySegment)
              MMAP.invokeExact(
                  MemorySegment.NULL, pages + PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      if (all.address() == -1) {
        throw new OutOfMemoryError("mmap");
      }
      MemorySegment mapped = all.reinterpret(pages + PAGE);
      if ((int) MPROTECT.invokeExact(mapped.asSlice(pages), PAGE, 0) != 0) {
        throw new IllegalStateException("mprotect");
      }
      return MemorySegment.ofAddress(all.address() + pages - bytes)
          .reinterpret(bytes, arena, segment -> unmap(all, pages + PAGE));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static void unmap(MemorySegment all, long bytes) {
    try {
      if ((int) MUNMAP.invokeExact(all, bytes) != 0) {
        throw new IllegalStateException("munmap");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public MemorySegment.Scope scope() {
    return arena.scope();
  }

  @Override
  public void close() {
    arena.close();
  }
}
