package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.table.TableFormat;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Only the correlations: {@code study.json}, neurons, matches and histograms. */
@Command(
    name = "correlate",
    mixinStandardHelpOptions = true,
    description = "As study, but only the correlations: neurons, matches and histograms.")
final class CorrelateCommand implements Callable<Integer>, Main.Verbose {
  @Spec private CommandSpec spec;
  @Mixin private StudyFlags study;
  @Mixin private RunFlags run;

  @Override
  public Integer call() {
    StudyOptions unfetched = Main.checked(spec, () -> options(HubFlags.Folders.UNFETCHED));
    TableFormat format = Main.checked(spec, run::format);
    PrintWriter err = spec.commandLine().getErr();
    return run.command(spec, format)
        .run(
            new StudySteps(unfetched, () -> Main.checked(spec, () -> options(study.fetched(err)))));
  }

  private StudyOptions options(HubFlags.Folders folders) {
    return study.options(run, StudyOptions.Extent.CORRELATIONS, folders);
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
