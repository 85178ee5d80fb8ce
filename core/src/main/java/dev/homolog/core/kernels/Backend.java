package dev.homolog.core.kernels;

import dev.homolog.core.HomologException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The kinds of kernels by their names on the command line, and the choice among them. */
public enum Backend {
  /** The best that this machine and this JVM have. */
  AUTO,
  /** The Vector API on the CPU. */
  VECTOR,
  /** Plain loops in double precision, for checking. */
  SCALAR;

  /** The module of the Vector API, which a JVM has only when told so. */
  public static final String VECTOR_MODULE = "jdk.incubator.vector";

  /**
   * Kernels that are ready to run.
   *
   * @param reason why these, in one line
   */
  public record Choice(Kernels kernels, String reason) {
    /** The line that every run prints. */
    public String line() {
      return kernels.description() + " (" + reason + ")";
    }
  }

  /**
   * The backend of that name.
   *
   * @throws HomologException if there is none; the message lists the names
   */
  public static Backend parse(String name) {
    return Arrays.stream(values())
        .filter(backend -> backend.toString().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new HomologException(
                "--backend: no backend is called "
                    + name
                    + "; known: "
                    + Arrays.stream(values())
                        .map(Backend::toString)
                        .collect(Collectors.joining(", "))));
  }

  /**
   * Kernels of this backend. A backend asked for by name is used or refused; only {@link #AUTO}
   * looks further.
   *
   * @param threads how many threads compute
   * @throws HomologException if it cannot run here; the message says what to do
   */
  public Choice open(int threads) {
    if (threads < 1) {
      throw new HomologException("--threads: " + threads + "; give at least 1");
    }
    return switch (this) {
      case SCALAR -> new Choice(new ScalarKernels(), "asked for by name");
      case VECTOR -> {
        requireVector();
        yield new Choice(new VectorKernels(threads), "asked for by name");
      }
      case AUTO -> {
        if (hasVector()) {
          yield new Choice(new VectorKernels(threads), "chosen automatically");
        }
        yield new Choice(
            new ScalarKernels(),
            "slow: the Vector API is missing; start java with --add-modules " + VECTOR_MODULE);
      }
    };
  }

  /** Whether this JVM has the Vector API. */
  public static boolean hasVector() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }

  private static void requireVector() {
    if (!hasVector()) {
      throw new HomologException(
          "--backend vector: this JVM does not have the Vector API; start java with --add-modules "
              + VECTOR_MODULE);
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
