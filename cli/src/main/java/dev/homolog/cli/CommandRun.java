package dev.homolog.cli;

import dev.homolog.analysis.OpenStudy;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Precision;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The run of a command that writes a folder. The order is the same for all of them: quick checks
 * come before long work.
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
   * @param <R> the result
   */
  interface Steps<R> {
    /** Opens the inputs, and refuses those that cannot be used. */
    OpenStudy<R> open();

    /** Writes what was found, while kernels and progress are still open. */
    void write(R result, RunFolder folder, Invocation invocation);

    /** Writes what is made of the finished run, and prints its summary. */
    void conclude(R result, RunFolder folder, PrintWriter to);

    /** Removes what an unfinished run has written outside its folder; any thread. */
    default void abandon() {}
  }

  /** Runs the command and returns its exit code. */
  <R> int run(Steps<R> steps) {
    PrintWriter err = spec.commandLine().getErr();
    String command = spec.name();
    Backend.Settings settings =
        Main.checked(spec, () -> machine.settings(Precision.parse(precision)));
    Path out = machine.out(command);
    AtomicBoolean opened = new AtomicBoolean(); // a signal is heard in a thread of its own
    try (RunFolder folder = Main.checked(spec, () -> RunFolder.create(out));
        Interrupt _ =
            Interrupt.endsTheProcess(
                Progress.onTerminal(),
                () -> stands(out, opened.get() ? steps::abandon : () -> {}))) {
      R result;
      // The quickest first: DuckDB and libtorch take a second each to load.
      try (OpenStudy<R> study = steps.open()) {
        opened.set(true);
        study.notes().forEach(note -> err.println("homolog: " + note));
        format.require();
        Backend.Choice backend = Main.checked(spec, () -> machine.openBackend(settings));
        err.println("homolog: " + backend.line());
        Invocation invocation = machine.invocation(command, out, precision, backend.line());
        try (var kernels = backend.kernels();
            Progress progress = Progress.start(machine.verbose(), err)) {
          result = study.run(kernels, progress);
          steps.write(result, folder, invocation);
        } catch (RuntimeException | Error e) {
          steps.abandon();
          throw e;
        }
      }
      steps.conclude(result, folder, spec.commandLine().getOut());
    }
    return 0;
  }

  /** What a signal leaves. */
  private static String stands(Path out, Runnable abandon) {
    if (RunFolder.isFinished(out)) {
      return "the tables in "
          + out
          + " are complete, and homolog report "
          + out
          + " writes the page";
    }
    abandon.run();
    return "no result was written; give the same command again, with --out "
        + out
        + ", which clears what this run has left there";
  }
}
