package dev.homolog.analysis.run;

import dev.homolog.analysis.table.TableFormat;
import java.nio.file.Path;

/**
 * How a study was started, for its manifest: what is neither in its options nor in its result.
 *
 * @param command the subcommand
 * @param out the folder as it was asked for
 * @param format of the tables
 * @param backend the backend as it was asked for
 * @param threads as asked for
 * @param libtorch the folder that was named, or empty
 * @param precision of matrix products as asked for
 * @param backendLine which backend was taken, and why, in one line
 */
public record Invocation(
    String command,
    Path out,
    TableFormat format,
    String backend,
    int threads,
    String libtorch,
    String precision,
    String backendLine) {

  /** Of a program that is not the command. */
  public static Invocation ofLibrary(Path out, TableFormat format, String backendLine) {
    return new Invocation("library", out, format, "", 0, "", "", backendLine);
  }
}
