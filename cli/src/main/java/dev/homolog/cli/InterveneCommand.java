package dev.homolog.cli;

import dev.homolog.analysis.InterventionOptions;
import dev.homolog.analysis.InterventionResult;
import dev.homolog.analysis.Interventions;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.intervention.Metrics;
import dev.homolog.core.intervention.Mode;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Other activations for some neurons, and what becomes of the model's predictions. */
@Command(
    name = "intervene",
    mixinStandardHelpOptions = true,
    description =
        "Changes the activations of neurons and measures loss, entropy and rank of the right token.")
final class InterveneCommand implements Callable<Integer>, Main.Verbose {
  @Spec private CommandSpec spec;
  @Mixin private ModelFlags model;

  @Option(
      names = "--neuron",
      required = true,
      arity = "1..*",
      paramLabel = "L.N",
      description = "neurons to change, all together: layer and neuron, counted from 0")
  private List<String> neurons = new ArrayList<>();

  @Option(
      names = "--mode",
      required = true,
      paramLabel = "NAME",
      description =
          "what becomes of the activation: zero, fix (to the value), threshold (to the value where it is"
              + " below), relu (to 0 where it is below) or multiply (by the value)")
  private String mode;

  @Option(
      names = "--value",
      arity = "1..*",
      paramLabel = "V",
      description = "values of fix, threshold or multiply, each a run of its own")
  private List<Double> values = new ArrayList<>();

  @Option(
      names = "--site",
      paramLabel = "NAME",
      description =
          "mlp_post, after the non-linearity, or mlp_pre, before it (default: ${DEFAULT-VALUE})")
  private String site = "mlp_post";

  @Option(
      names = "--positions",
      paramLabel = "P[-Q]",
      description =
          "positions of a row where it is done, BOS being 0: one, such as 64, a range, such as"
              + " 64-127, or all from one on, such as 64- (default: all)")
  private String positions;

  @Option(
      names = "--freeze-scale",
      description = "keep the last LayerNorm's scale as it is without the intervention")
  private boolean freezeScale;

  @Option(
      names = "--freeze-attention",
      description =
          "keep attention after the first changed layer (keys, values, patterns) as it is without"
              + " the intervention")
  private boolean freezeAttention;

  @Mixin private RunFlags run;

  @Override
  public Integer call() {
    TableFormat format = StudyRun.checked(spec, run::format);
    InterventionOptions options = StudyRun.checked(spec, this::options);
    var done =
        new FolderRun(spec, run, format)
            .run(
                options::requireInputs,
                (kernels, progress) -> Interventions.run(options, kernels, progress),
                (result, folder, invocation) -> result.write(folder, invocation, run.seed()));
    print(done.result(), done.out());
    return 0;
  }

  private InterventionOptions options() {
    return new InterventionOptions(
        model.model(),
        model.input(run),
        neurons.stream().map(text -> NeuronId.parse(InputOption.NEURON, text)).toList(),
        new InterventionOptions.Change(site(), Mode.parse(mode), values, positions()),
        new InterventionOptions.Frozen(freezeScale, freezeAttention),
        run.resources());
  }

  private Site site() {
    return Stream.of(Site.MLP_POST, Site.MLP_PRE)
        .filter(known -> known.name().toLowerCase(Locale.ROOT).equals(site))
        .findFirst()
        .orElseThrow(() ->
            new InputException(
                InputOption.SITE, "no site is called " + site, "known: mlp_post, mlp_pre"));
  }

  private Positions positions() {
    return positions == null ? Positions.ALL : Positions.parse(InputOption.POSITIONS, positions);
  }

  private void print(InterventionResult result, Path out) {
    PrintWriter to = spec.commandLine().getOut();
    to.printf(
        Locale.ROOT,
        "Model %s: %d neurons, %s, on %,d tokens; averages over %,d positions%n%n",
        result.model(),
        result.options().neurons().size(),
        result.options().change().mode(),
        result.tokens(),
        result.positions());
    to.printf(
        "  %-10s %9s %9s %9s %10s %9s%n",
        "value", "loss", "entropy", "rank", "recip_rank", "scale");
    line(to, "nominal", result.nominal());
    for (int i = 0; i < result.values().size(); i++) {
      line(
          to,
          String.format(Locale.ROOT, "%.4g", result.options().change().values().get(i)),
          result.values().get(i));
    }
    to.printf("%nWritten to %s%n", out);
    to.flush();
  }

  private static void line(PrintWriter to, String name, Metrics of) {
    to.printf(
        Locale.ROOT,
        "  %-10s %9.4f %9.4f %9.1f %10.4f %9.4f%n",
        name,
        of.loss(),
        of.entropy(),
        of.rank(),
        of.recipRank(),
        of.scale());
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
