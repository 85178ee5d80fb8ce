package dev.homolog.cli;

import dev.homolog.analysis.Invocation;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ProgressListener;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.BiFunction;
import picocli.CommandLine.Model.CommandSpec;

/**
 * How a command of one model runs: takes the folder, looks at its inputs, opens the backend,
 * computes and writes.
 *
 * @param spec the command
 * @param flags its RUN flags
 * @param format of the tables
 */
record FolderRun(CommandSpec spec, RunFlags flags, TableFormat format) {

  /** Writes a result into the folder. */
  interface Writer<R> {
    void write(R result, RunFolder folder, Invocation invocation);
  }

  /**
   * Runs it.
   *
   * @param inputs refuses inputs that cannot be used, quickly
   * @param work computes
   * @param writer writes what was found
   * @return the result, and where it is
   */
  <R> Done<R> run(
      Runnable inputs, BiFunction<Kernels, ProgressListener, R> work, Writer<R> writer) {
    PrintWriter err = spec.commandLine().getErr();
    Path out = flags.out(spec.name());
    try (RunFolder folder = StudyRun.checked(spec, () -> RunFolder.create(out))) {
      inputs.run();
      format.require();
      Backend.Choice backend = StudyRun.checked(spec, flags::openBackend);
      err.println("homolog: " + backend.line());
      Invocation invocation = flags.invocation(spec.name(), out, backend.line());
      try (var kernels = backend.kernels();
          Progress progress = Progress.start(flags.verbose(), err)) {
        R result;
        try (Interrupt _ = Interrupt.endsTheProcess()) {
          result = work.apply(kernels, progress);
        }
        writer.write(result, folder, invocation);
        return new Done<>(result, out);
      }
    }
  }

  /** A result and the folder it was written to. */
  record Done<R>(R result, Path out) {}
}
