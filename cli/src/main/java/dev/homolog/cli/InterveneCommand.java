package dev.homolog.cli;

import dev.homolog.analysis.InterventionStudy;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.intervention.Mode;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
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
  @Mixin private ResumeFlags resume;

  @Override
  public Integer call() {
    TableFormat format = Main.checked(spec, run::format);
    InterventionStudy.Options unfetched =
        Main.checked(spec, () -> options(HubFlags.Folders.UNFETCHED));
    ResumeFlags resumes = Main.checked(spec, () -> resume.checked(run.out()));
    PrintWriter err = spec.commandLine().getErr();
    return run.command(spec, format)
        .run(
            new Steps(
                unfetched,
                () -> Main.checked(spec, () -> options(model.fetched(err))),
                run.seed(),
                resumes));
  }

  private InterventionStudy.Options options(HubFlags.Folders folders) {
    return new InterventionStudy.Options(
        model.model(folders),
        model.input(run),
        neurons.stream().map(text -> NeuronId.parse(InputOption.NEURON, text)).toList(),
        new InterventionStudy.Options.Change(site(), Mode.parse(mode), values, positions()),
        new InterventionStudy.Options.Frozen(freezeScale, freezeAttention),
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

  private record Steps(
      InterventionStudy.Options unfetched,
      Supplier<InterventionStudy.Options> fetched,
      long seed,
      ResumeFlags resumes)
      implements CommandRun.Steps<InterventionStudy.Result> {

    @Override
    public Optional<RunFolder> take(Path out) {
      return resumes.take(out);
    }

    @Override
    public InterventionStudy open(RunFolder folder) {
      unfetched.input().requireFiles();
      InterventionStudy study = InterventionStudy.open(fetched.get());
      resumes.saving(folder).ifPresent(study::savingTo);
      return study;
    }

    @Override
    public void write(InterventionStudy.Result result, RunFolder folder, Invocation invocation) {
      result.write(folder, invocation, seed);
    }

    @Override
    public void conclude(InterventionStudy.Result result, RunFolder folder, PrintWriter to) {
      new InterventionSummary(result, folder.path(), to).print();
    }
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
