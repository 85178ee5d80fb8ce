package dev.homolog.cli;

import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.kernels.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.Precision;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The run of a command that writes a folder. The order is the same for all of them: what is quick
 * to refuse comes before what takes long.
 *
 * @param spec the command
 * @param machine on what it runs and where it writes
 * @param precision of matrix products, as the command line names it
 * @param format of the tables
 */
record CommandRun(CommandSpec spec, MachineFlags machine, String precision, TableFormat format) {

  /**
   * What differs from command to command.
   *
   * @param <S> the study, ready to run
   * @param <R> its result
   */
  interface Steps<S, R> {
    /** Opens the inputs, and refuses those that cannot be used. */
    S open();

    /** Computes. A signal ends the process at once during this step. */
    R run(S study, Setting setting);

    /** Writes what was found, while kernels and progress are still open. */
    default void write(R result, RunFolder folder, Invocation invocation) {}

    /** Writes what is made of the finished run, and prints its summary. */
    void conclude(R result, RunFolder folder, PrintWriter to);
  }

  /**
   * What a study runs with.
   *
   * @param kernels what computes
   * @param progress hears the plan and how far the run has come
   * @param folder of the run
   * @param invocation how the run was started
   */
  record Setting(Kernels kernels, Progress progress, RunFolder folder, Invocation invocation) {}

  /** Runs the command and returns its exit code. */
  <S, R> int run(Steps<S, R> steps) {
    PrintWriter err = spec.commandLine().getErr();
    String command = spec.name();
    Path out = machine.out(command);
    try (RunFolder folder = Main.checked(spec, () -> RunFolder.create(out))) {
      // The quickest first: DuckDB and libtorch take a second each to load.
      S study = steps.open();
      format.require();
      Backend.Choice backend =
          Main.checked(spec, () -> machine.openBackend(Precision.parse(precision)));
      err.println("homolog: " + backend.line());
      Invocation invocation = machine.invocation(command, out, precision, backend.line());
      R result;
      try (var kernels = backend.kernels();
          Progress progress = Progress.start(machine.verbose(), err)) {
        try (Interrupt _ = Interrupt.endsTheProcess()) {
          result = steps.run(study, new Setting(kernels, progress, folder, invocation));
        }
        steps.write(result, folder, invocation);
      }
      steps.conclude(result, folder, spec.commandLine().getOut());
    }
    return 0;
  }
}
