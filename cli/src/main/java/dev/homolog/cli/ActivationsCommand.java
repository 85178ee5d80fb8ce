package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.closeup.Focus;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How one model's neurons behave on a text. */
@Command(
    name = "activations",
    mixinStandardHelpOptions = true,
    description = "What the neurons of one model do on a text; no other model is needed.")
final class ActivationsCommand implements Callable<Integer>, Main.Verbose {
  @Spec private CommandSpec spec;

  @Mixin private ModelFlags model = new ModelFlags();

  @Option(
      names = "--neuron",
      arity = "1..*",
      paramLabel = "L.N",
      description =
          "neurons that get a closer look (tokens, examples, positions, subsets, histograms): layer"
              + " and neuron, such as 3.117")
  private List<String> neurons = new ArrayList<>();

  @Option(
      names = "--cache",
      paramLabel = "FILE",
      description =
          "write the activations of these neurons at every position to this .npy (float32"
              + " [positions, neurons]) or .safetensors (activations [rows, context, neurons] and"
              + " tokens)")
  private Path cache;

  @Option(
      names = "--site",
      paramLabel = "NAME",
      description = "what --cache writes: pre or post the activation function (default: post)")
  private String site;

  @Mixin private RunFlags run;
  @Mixin private ResumeFlags resume;

  @Override
  public Integer call() {
    StudyOptions unfetched = Main.checked(spec, () -> options(HubFlags.Folders.UNFETCHED));
    TableFormat format = Main.checked(spec, run::format);
    Optional<ResumeFlags> resumes = Main.checked(spec, this::resumes);
    PrintWriter err = spec.commandLine().getErr();
    return run.command(spec, format)
        .run(
            new StudySteps(
                unfetched,
                () -> Main.checked(spec, () -> options(model.fetched(err))),
                OptionalDouble.empty(),
                resumes));
  }

  /** A run that writes activations to a file saves no state. */
  private Optional<ResumeFlags> resumes() {
    resume.checked(run.out());
    if (cache != null && resume.isGiven()) {
      throw new InputException(
          InputOption.CACHE, "a run that writes it cannot be resumed", "leave one of the two out");
    }
    return cache == null ? Optional.of(resume) : Optional.empty();
  }

  private StudyOptions options(HubFlags.Folders folders) {
    List<NeuronId> named =
        neurons.stream().map(name -> NeuronId.parse(InputOption.NEURON, name)).toList();
    if (site != null && cache == null) {
      throw new InputException(InputOption.SITE, "there is no cache to write", "add --cache");
    }
    Optional<Focus.Cache> file =
        cache == null ? Optional.empty() : Optional.of(new Focus.Cache(cache, site()));
    return StudyOptions.activations(model.model(folders), model.input(run), new Focus(named, file))
        .withResources(run.resources())
        .withSeed(run.seed());
  }

  private Site site() {
    return switch (site) {
      case null -> Site.MLP_POST;
      case "post" -> Site.MLP_POST;
      case "pre" -> Site.MLP_PRE;
      default ->
          throw new InputException(InputOption.SITE, site + " is no site", "give pre or post");
    };
  }

  @Override
  public boolean verbose() {
    return run.verbose();
  }
}
