package dev.homolog.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Time of the processor to the nanosecond, as Linux's clock_gettime has it: the JDK's clock of a
 * process goes by hundredths of a second, and its clock of a thread sees no native threads.
 */
@SuppressWarnings("restricted")
enum ProcessorClock {
  PROCESS(2),
  THREAD(3);

  private static final MethodHandle CLOCK_GETTIME =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
              FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  private static final MemorySegment TIME = Arena.global().allocate(16, 8);

  private final int id;

  ProcessorClock(int id) {
    this.id = id;
  }

  /** Called by one thread at a time. */
  long nanos() {
    try {
      int status = (int) CLOCK_GETTIME.invokeExact(id, TIME);
      if (status != 0) {
        throw new IllegalStateException("clock_gettime: " + status);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    return TIME.get(JAVA_LONG, 0) * 1_000_000_000 + TIME.get(JAVA_LONG, 8);
  }
}
