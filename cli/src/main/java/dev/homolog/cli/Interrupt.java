package dev.homolog.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;

/**
 * Ends the process at once when a signal comes while a study runs. The JVM would run the C++
 * destructors of libtorch while its threads still work, which then wait for each other for ever.
 * Nothing is lost: a file of a run is whole before it has its name.
 */
final class Interrupt implements AutoCloseable {
  /** By the names of the threads in which the JVM hears signals; shells add 128 to a number. */
  private static final Map<String, Integer> STATUS =
      Map.of("SIGHUP handler", 129, "SIGINT handler", 130, "SIGTERM handler", 143);

  private final Thread hook;

  private Interrupt(Thread hook) {
    this.hook = hook;
  }

  /** From now until closed. */
  @SuppressWarnings("restricted") // the C library's _exit, whose one argument is a number
  static Interrupt endsTheProcess() {
    Linker linker = Linker.nativeLinker();
    FunctionDescriptor type = FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT);
    MethodHandle exit = linker.downcallHandle(linker.defaultLookup().findOrThrow("_exit"), type);
    Thread hook =
        new Thread(() -> {
          try {
            exit.invokeExact(status());
          } catch (Throwable e) {
            // The JVM goes on with its own way out.
          }
        });
    Runtime.getRuntime().addShutdownHook(hook);
    return new Interrupt(hook);
  }

  /** That of the signal that ends the process; the JVM says it nowhere else. */
  private static int status() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(thread -> STATUS.getOrDefault(thread.getName(), 0))
        .max(Integer::compare)
        .filter(status -> status > 0)
        .orElse(STATUS.get("SIGINT handler"));
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already.
    }
  }
}
