package dev.homolog.cli;

import dev.homolog.analysis.WeightStudy;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.kernels.Precision;
import dev.homolog.core.model.Processing;
import java.io.PrintWriter;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What there is to know of a model's neurons without any text. */
@Command(
    name = "weights",
    mixinStandardHelpOptions = true,
    description = "Says what the weights of a model tell of its neurons, without any text.")
final class WeightsCommand implements Callable<Integer>, Main.Verbose {
  @Spec private CommandSpec spec;

  @Option(names = "--model", required = true, paramLabel = "MODEL", description = HubFlags.MODEL)
  private String model;

  @Mixin private HubFlags hub = new HubFlags();
  @Mixin private ProcessingFlag processing = new ProcessingFlag();
  @Mixin private MachineFlags machine = new MachineFlags();

  @Override
  public Integer call() {
    WeightStudy.Options unfetched = Main.checked(spec, () -> options(HubFlags.Folders.UNFETCHED));
    TableFormat format = Main.checked(spec, machine::format);
    String precision = Precision.FP32.toString();
    return new CommandRun(spec, machine, precision, format)
        .run(
            new Steps(
                unfetched.processing(),
                () -> Main.checked(spec, () -> options(hub.fetched(spec.commandLine().getErr())))));
  }

  private WeightStudy.Options options(HubFlags.Folders folders) {
    return new WeightStudy.Options(
        folders.of(model),
        processing.processing(),
        new Resources(OptionalInt.empty(), machine.memory(), machine.followLinks()),
        machine.format());
  }

  private record Steps(Processing processing, Supplier<WeightStudy.Options> fetched)
      implements CommandRun.Steps<WeightStudy.Result> {

    @Override
    public WeightStudy open(RunFolder folder) {
      return WeightStudy.open(fetched.get());
    }

    @Override
    public void write(WeightStudy.Result result, RunFolder folder, Invocation invocation) {
      try (result) {
        result.write(folder, invocation);
      }
    }

    @Override
    public void conclude(WeightStudy.Result result, RunFolder folder, PrintWriter to) {
      new WeightsSummary(result, processing, folder.path(), to).print();
    }
  }

  @Override
  public boolean verbose() {
    return machine.verbose();
  }
}
