package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Everything there is to know of a reference model's neurons, in one run. */
@Command(
    name = "study",
    mixinStandardHelpOptions = true,
    description = "Judges the neurons of a reference model against other models on the same text.")
final class StudyCommand implements Callable<Integer>, Main.Verbose {
  @Spec private CommandSpec spec;
  @Mixin private StudyFlags study;
  @Mixin private ProcessingFlag processing;
  @Mixin private RunFlags run;
  @Mixin private ResumeFlags resume;
  @Mixin private ShardFlag shard;

  @Override
  public Integer call() {
    return new StudyRun(spec, study, run, resume, shard).call(this::options);
  }

  private StudyOptions options(HubFlags.Folders folders) {
    return study
        .options(run, StudyOptions.Extent.EVERYTHING, folders)
        .withProcessing(processing.processing());
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
