package dev.homolog.cli;

import dev.homolog.analysis.Resources;
import dev.homolog.analysis.StudyFacts;
import dev.homolog.analysis.WeightStudy;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HubCache;
import dev.homolog.core.kernels.Precision;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
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

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description =
          "the model: its Hugging Face folder, or org/name[@revision] of one in the local cache")
  private String model;

  @Mixin private ProcessingFlag processing = new ProcessingFlag();
  @Mixin private MachineFlags machine = new MachineFlags();

  /** What the command line asked for, found sound. */
  private record Request(WeightStudy.Options options, TableFormat format) {}

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    Request request =
        StudyRun.checked(
            spec,
            () ->
                new Request(
                    new WeightStudy.Options(
                        HubCache.folder(model),
                        processing.processing(),
                        new Resources(OptionalInt.empty(), machine.memory())),
                    machine.format()));
    Path out = machine.out(spec.name());
    try (RunFolder folder = StudyRun.checked(spec, () -> RunFolder.create(out))) {
      request.options.requireInputs();
      request.format.require();
      Backend.Choice backend = StudyRun.checked(spec, () -> machine.openBackend(Precision.FP32));
      err.println("homolog: " + backend.line());
      WeightStudy.Result result;
      try (var kernels = backend.kernels();
          Progress progress = Progress.start(machine.verbose(), err);
          Interrupt _ = Interrupt.endsTheProcess()) {
        result =
            WeightStudy.run(
                request.options,
                kernels,
                folder,
                machine.invocation(spec.name(), out, "fp32", backend.line()),
                progress,
                plan -> {
                  if (machine.verbose()) {
                    PlanText.lines(plan).forEach(line -> err.println("homolog: " + line));
                  }
                });
      }
      print(result, request.options, out);
    }
    return 0;
  }

  private void print(WeightStudy.Result result, WeightStudy.Options options, Path out) {
    StudyFacts.ModelFacts facts = result.model();
    PrintWriter to = spec.commandLine().getOut();
    to.printf(
        Locale.ROOT,
        "Model %s: weights of %,d neurons in %d layers, %s, in %.1f s%n%nTables and study.json: %s%n",
        facts.name(),
        facts.neurons(),
        facts.layers(),
        options.processing(),
        result.seconds(),
        out);
    to.flush();
  }

  @Override
  public boolean verbose() {
    return machine.verbose();
  }
}
