package dev.homolog.cli;

import dev.homolog.analysis.OpenStudy;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Precision;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
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

  /** How long a stop waits for the batch under way and for the disk. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /**
   * What differs from command to command.
   *
   * @param <R> the result
   */
  interface Steps<R> {
    /** Takes the run's folder; empty where the run is there already, and nothing is to be done. */
    default Optional<RunFolder> take(Path out) {
      return Optional.of(RunFolder.create(out));
    }

    /** Fetches models that are not there, opens the inputs, and refuses what cannot be used. */
    OpenStudy<R> open(RunFolder folder);

    /** Whether what is found is tables. */
    default boolean writesTables() {
      return true;
    }

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
    Optional<RunFolder> taken = Main.checked(spec, () -> steps.take(out));
    if (taken.isEmpty()) {
      err.println("homolog: " + out + " holds this run, finished; nothing is done");
      return 0;
    }
    // A signal is heard in a thread of its own.
    AtomicReference<OpenStudy<R>> opened = new AtomicReference<>();
    AtomicReference<Progress> shown = new AtomicReference<>();
    try (RunFolder folder = taken.get();
        Interrupt _ =
            Interrupt.endsTheProcess(
                Progress.onTerminal(),
                () -> {
                  Optional.ofNullable(shown.get()).ifPresent(Progress::silence);
                  return stands(out, opened.get(), steps);
                })) {
      R result;
      // The quickest first: DuckDB and libtorch take a second each to load.
      try (OpenStudy<R> study = steps.open(folder)) {
        opened.set(study);
        study.notes().forEach(note -> err.println("homolog: " + note));
        if (steps.writesTables()) {
          format.require();
        }
        Backend.Choice backend = Main.checked(spec, () -> machine.openBackend(settings));
        err.println("homolog: " + backend.line());
        Invocation invocation = machine.invocation(command, out, precision, backend.line());
        try (var kernels = backend.kernels();
            Progress progress = Progress.start(machine.verbose(), err)) {
          shown.set(progress);
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
  private static <R> String stands(Path out, OpenStudy<R> study, Steps<R> steps) {
    if (RunFolder.isFinished(out)) {
      return "the tables in "
          + out
          + " are complete, and homolog report "
          + out
          + " writes the page";
    }
    if (RunFolder.isShard(out)) {
      return "the shard in " + out + " is complete, and homolog merge joins it with the others";
    }
    if ((study != null && study.stop(PATIENCE)) || RunFolder.hasState(out)) {
      return "its state is saved; go on with the same command and --resume --out " + out;
    }
    if (study != null) {
      steps.abandon();
    }
    return "no result was written; give the same command again, with --out "
        + out
        + ", which clears what this run has left there";
  }
}
