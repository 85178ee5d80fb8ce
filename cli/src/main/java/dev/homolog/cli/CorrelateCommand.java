package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
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
  @Mixin private ResumeFlags resume;
  @Mixin private ShardFlag shard;

  @Override
  public Integer call() {
    return new StudyRun(spec, study, run, resume, shard).call(this::options);
  }

  private StudyOptions options(HubFlags.Folders folders) {
    return study.options(run, StudyOptions.Extent.CORRELATIONS, folders);
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
