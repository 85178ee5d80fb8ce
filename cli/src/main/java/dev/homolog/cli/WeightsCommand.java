package dev.homolog.cli;

import dev.homolog.analysis.WeightStudy;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.kernels.Precision;
import java.io.PrintWriter;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
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
    WeightStudy.Options options = Main.checked(spec, this::options);
    TableFormat format = Main.checked(spec, machine::format);
    String precision = Precision.FP32.toString();
    return new CommandRun(spec, machine, precision, format).run(new Steps(options));
  }

  private WeightStudy.Options options() {
    return new WeightStudy.Options(
        hub.folder(model, true, spec.commandLine().getErr()),
        processing.processing(),
        new Resources(OptionalInt.empty(), machine.memory(), machine.followLinks()),
        machine.format());
  }

  private record Steps(WeightStudy.Options options)
      implements CommandRun.Steps<WeightStudy.Result> {

    @Override
    public WeightStudy open(RunFolder folder) {
      return WeightStudy.open(options);
    }

    @Override
    public void write(WeightStudy.Result result, RunFolder folder, Invocation invocation) {
      try (result;
          Interrupt _ = Interrupt.endsTheProcess()) {
        result.write(folder, invocation);
      }
    }

    @Override
    public void conclude(WeightStudy.Result result, RunFolder folder, PrintWriter to) {
      new WeightsSummary(result, options.processing(), folder.path(), to).print();
    }
  }

  @Override
  public boolean verbose() {
    return machine.verbose();
  }
}
