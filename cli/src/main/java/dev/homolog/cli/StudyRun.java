package dev.homolog.cli;

import dev.homolog.analysis.Invocation;
import dev.homolog.analysis.Study;
import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.StudyResult;
import dev.homolog.analysis.report.Report;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.HomologException;
import dev.homolog.core.backend.Backend;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Runs a study that the command line asked for, and says what it found. */
final class StudyRun {

  /**
   * What the command line asked for, read and found sound.
   *
   * @param alsoAt a second threshold to count at
   */
  record Request(StudyOptions options, TableFormat format, OptionalDouble alsoAt, RunFlags flags) {
    Request(StudyOptions options, RunFlags flags) {
      this(options, flags.format(), OptionalDouble.empty(), flags);
    }

    Request alsoAt(double threshold) {
      return new Request(options, format, OptionalDouble.of(threshold), flags);
    }
  }

  private final CommandSpec spec;
  private final Request request;

  StudyRun(CommandSpec spec, Request request) {
    this.spec = spec;
    this.request = request;
  }

  /** What is refused while the command line is read is an error of the command line. */
  static <T> T checked(CommandSpec spec, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (HomologException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  int run() {
    PrintWriter err = spec.commandLine().getErr();
    RunFlags flags = request.flags();
    String command = spec.name();
    Path out = flags.out(command);
    try (RunFolder folder = checked(spec, () -> RunFolder.create(out))) {
      // The quickest first: DuckDB and libtorch take a second each to load.
      request.options().requireInputs();
      request.format().require();
      Backend.Choice backend = checked(spec, flags::openBackend);
      err.println("homolog: " + backend.line());
      Invocation invocation = flags.invocation(command, out, backend.line());
      StudyResult result;
      try (var kernels = backend.kernels();
          Progress progress = Progress.start(flags.verbose(), err)) {
        try (Interrupt _ = Interrupt.endsTheProcess()) {
          result =
              Study.run(
                  request.options(),
                  kernels,
                  progress,
                  plan -> {
                    if (flags.verbose()) {
                      PlanText.lines(plan).forEach(line -> err.println("homolog: " + line));
                    }
                  });
        }
        result.write(folder, invocation);
      }
      Report.write(folder);
      new Summary(result, request.alsoAt(), out, spec.commandLine().getOut()).print();
    }
    return 0;
  }
}
