package dev.homolog.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What happens when a signal comes: one line says by which the run was stopped and what stands, and
 * the process ends. The JVM would run the C++ destructors of libtorch while its threads still work,
 * which then wait for each other for ever. Nothing is lost: a file of a run is whole before it has
 * its name.
 */
final class Interrupt implements AutoCloseable {
  /** By the names of the threads in which the JVM hears signals; shells add 128 to a number. */
  private static final Map<String, Integer> STATUS =
      Map.of("SIGHUP handler", 129, "SIGINT handler", 130, "SIGTERM handler", 143);

  /** Nobody may read standard error any more. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Thread hook;

  private Interrupt(Thread hook) {
    this.hook = hook;
  }

  /**
   * From now until closed.
   *
   * @param onTerminal whether a line of progress may stand on standard error
   * @param stands says, when the signal comes, what stands and how to go on; may wait until it does
   */
  @SuppressWarnings("restricted") // the C library's _exit, whose one argument is a number
  static Interrupt endsTheProcess(boolean onTerminal, Supplier<String> stands) {
    Linker linker = Linker.nativeLinker();
    FunctionDescriptor type = FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT);
    MethodHandle exit = linker.downcallHandle(linker.defaultLookup().findOrThrow("_exit"), type);
    Thread hook =
        new Thread(() -> {
          Optional<String> handler = handler();
          handler.ifPresent(name -> say(onTerminal, name, stands.get()));
          try {
            exit.invokeExact((int) handler.map(STATUS::get).orElse(STATUS.get("SIGINT handler")));
          } catch (Throwable e) {
            // The JVM goes on with its own way out.
          }
        });
    Runtime.getRuntime().addShutdownHook(hook);
    return new Interrupt(hook);
  }

  /** The thread of the signal that ends the process; the JVM says it nowhere else. */
  private static Optional<String> handler() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(STATUS::containsKey)
        .findFirst();
  }

  /** Past what the command prints by, since that may be held up. */
  private static void say(boolean onTerminal, String handler, String stands) {
    Thread speaker =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              String signal = handler.substring(0, handler.indexOf(' '));
              String line = "homolog: stopped by " + signal + "; " + stands + "\n";
              byte[] bytes = ((onTerminal ? "\n" : "") + line).getBytes(StandardCharsets.UTF_8);
              try {
                new FileOutputStream(FileDescriptor.err).write(bytes);
              } catch (IOException e) {
                // Then nobody hears it.
              }
            });
    try {
      speaker.join(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Where a signal has come already, the caller goes no further: the process ends. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      try {
        hook.join();
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
