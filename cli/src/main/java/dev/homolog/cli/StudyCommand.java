package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.table.TableFormat;
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

  @Override
  public Integer call() {
    StudyOptions options =
        Main.checked(
            spec,
            () ->
                study
                    .options(run, StudyOptions.Extent.EVERYTHING, spec.commandLine().getErr())
                    .withProcessing(processing.processing()));
    TableFormat format = Main.checked(spec, run::format);
    ResumeFlags resumes = Main.checked(spec, () -> resume.checked(run.out()));
    return run.command(spec, format).run(new StudySteps(options, resumes));
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
