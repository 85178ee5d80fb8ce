package dev.homolog.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;

/**
 * Gives the process its standard error back. The launcher starts the JVM with a filter on
 * descriptor 2. The JVM announces the incubating Vector API there, and no option suppresses that.
 * The real standard error is on the descriptor that the property {@code homolog.stderr} names.
 */
final class Stderr {
  private Stderr() {}

  /**
   * Puts the real standard error on descriptor 2, for Java and native code alike, which also ends
   * the filter. Opening {@code /dev/fd/3} instead would not share the caller's position in a file,
   * so that the two would overwrite each other. Without the property, or where this fails, standard
   * error stays as it is.
   */
  @SuppressWarnings("restricted") // the C library's dup2, whose two arguments are numbers
  static void reopen() {
    Integer real = Integer.getInteger("homolog.stderr");
    if (real == null) {
      return;
    }
    try {
      var linker = Linker.nativeLinker();
      var type =
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
      var dup2 = linker.downcallHandle(linker.defaultLookup().findOrThrow("dup2"), type);
      int _ = (int) dup2.invokeExact((int) real, 2);
    } catch (Throwable e) {
      // The filter passes all lines but that one.
    }
  }
}
