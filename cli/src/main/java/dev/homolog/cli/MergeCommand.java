package dev.homolog.cli;

import dev.homolog.analysis.OpenStudy;
import dev.homolog.analysis.Study;
import dev.homolog.analysis.StudyResult;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Joins all shards of a study. */
@Command(
    name = "merge",
    mixinStandardHelpOptions = true,
    description =
        "Joins the shards of a study that was read with --shard, and finishes it. Models and text"
            + " are read where they were.")
final class MergeCommand implements Callable<Integer>, Main.Verbose {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "RUN",
      description = "folders of all shards, in any order")
  private List<Path> runs = new ArrayList<>();

  @Mixin private MachineFlags machine = new MachineFlags();
  @Mixin private PrecisionFlag precision = new PrecisionFlag();

  @Override
  public Integer call() {
    TableFormat format = Main.checked(spec, machine::format);
    Resources resources =
        Main.checked(
            spec,
            () -> new Resources(OptionalInt.empty(), machine.memory(), machine.followLinks()));
    return new CommandRun(spec, machine, precision.precision(), format)
        .run(new Steps(List.copyOf(runs), resources));
  }

  /** What a merger does in place of reading text; the rest is as of a study. */
  private record Steps(List<Path> runs, Resources resources)
      implements CommandRun.Steps<StudyResult> {
    @Override
    public OpenStudy<StudyResult> open(RunFolder folder) {
      return Study.openMerged(runs, resources);
    }

    @Override
    public void write(StudyResult result, RunFolder folder, Invocation invocation) {
      result.write(folder, invocation);
    }

    @Override
    public void conclude(StudyResult result, RunFolder folder, PrintWriter to) {
      StudySteps.report(folder);
      new Summary(result, OptionalDouble.empty(), folder.path(), to).print();
    }
  }

  @Override
  public boolean verbose() {
    return machine.verbose();
  }
}
