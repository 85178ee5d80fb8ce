package dev.homolog.bindings;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Zeroed memory off the heap, of which what is large is not touched before it is used. {@link
 * Arena#allocate} writes zeros on the calling thread, so the system hands out gigabytes page by
 * page on one core. Memory of {@code calloc} is zero as it comes. Whoever computes in it touches it
 * first, on all cores.
 */
public final class LazyMemory {
  /** Bytes from which the C library asks the system for memory of its own, however it is tuned. */
  static final long LARGE = 32L << 20;

  private LazyMemory() {}

  /** What the C library does, or nothing where this module may not call it. */
  private static final class C {
    static final MethodHandle CALLOC =
        find("calloc", FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));
    static final MethodHandle FREE = find("free", FunctionDescriptor.ofVoid(ADDRESS));

    @SuppressWarnings("restricted") // calloc and free of the C library
    private static MethodHandle find(String name, FunctionDescriptor type) {
      if (!C.class.getModule().isNativeAccessEnabled()) {
        return null;
      }
      Linker linker = Linker.nativeLinker();
      return linker
          .defaultLookup()
          .find(name)
          .map(address -> linker.downcallHandle(address, type))
          .orElse(null);
    }
  }

  /**
   * Zeroed memory that lives as long as the arena. Where native access is not enabled for this
   * module, all of it is the arena's own. What is large does not count against the JVM's {@code
   * MaxDirectMemorySize}; the plan of a study does count it.
   *
   * @param alignment a power of two
   * @throws OutOfMemoryError if there is not so much address space
   * @throws IllegalStateException if the arena is closed
   * @throws WrongThreadException if it is another thread's
   */
  @SuppressWarnings("restricted") // the size is what calloc was asked for
  public static MemorySegment allocate(Arena arena, long bytes, long alignment) {
    if (bytes < LARGE || C.CALLOC == null || C.FREE == null) {
      return arena.allocate(bytes, alignment);
    }
    long room = Math.addExact(bytes, alignment);
    MemorySegment all = calloc(room);
    try {
      MemorySegment owned = all.reinterpret(room, arena, LazyMemory::free);
      return owned.asSlice(-all.address() & (alignment - 1), bytes);
    } catch (IllegalStateException | WrongThreadException e) {
      free(all); // the arena did not take it
      throw e;
    }
  }

  private static MemorySegment calloc(long bytes) {
    try {
      MemorySegment all = (MemorySegment) C.CALLOC.invokeExact(1L, bytes);
      if (all.address() == 0) {
        throw new OutOfMemoryError("cannot allocate " + bytes + " bytes outside the heap");
      }
      return all;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static void free(MemorySegment memory) {
    try {
      C.FREE.invokeExact(memory);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
