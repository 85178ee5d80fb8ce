package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.closeup.Focus;
import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Comparison;
import dev.homolog.analysis.correlation.Method;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.model.Processing;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The flags of a study: models, INPUT and STUDY. */
final class StudyFlags {
  @Option(
      names = "--reference",
      required = true,
      paramLabel = "MODEL",
      description = "the model whose neurons are judged: " + HubFlags.MODEL)
  private String reference;

  @Option(
      names = "--other",
      required = true,
      arity = "1..*",
      paramLabel = "MODEL",
      description = "the models it is compared with")
  private List<String> others = new ArrayList<>();

  @Mixin private HubFlags hub = new HubFlags();
  @Mixin private InputFlags input = new InputFlags();

  @Option(
      names = "--similarity",
      paramLabel = "NAME",
      description = "of two neurons: pearson, cosine or jaccard (default: ${DEFAULT-VALUE})")
  private String similarity = "pearson";

  @Option(
      names = "--method",
      paramLabel = "NAME",
      description =
          "exact, or sketch to estimate correlations from sums of tokens in buckets, for many"
              + " neurons (default: ${DEFAULT-VALUE})")
  private String method = "exact";

  @Option(
      names = "--sketch-size",
      paramLabel = "K",
      description = "buckets of a sketch; estimates have a standard error of 1/√K (default: 32768)")
  private Integer sketchSize;

  @Option(
      names = "--baseline",
      paramLabel = "NAME",
      description =
          "rotation, gaussian, permutation or none (default: rotation; of jaccard permutation)")
  private String baseline;

  @Option(
      names = "--baseline-draws",
      paramLabel = "N",
      description = "random rotations or permutations, whose mean counts (default: 1)")
  private Integer draws;

  @Option(
      names = "--rotation",
      paramLabel = "FILE.npy",
      description = "matrices [layers, m, m] in place of random ones")
  private Path rotation;

  @Option(
      names = "--top",
      paramLabel = "N",
      description = "matches kept at each end, a neuron and model (default: ${DEFAULT-VALUE})")
  private int top = 50;

  @Option(
      names = "--threshold",
      paramLabel = "R",
      description = "excess above which a neuron is universal (default: 0.5)")
  private Double threshold;

  @Option(
      names = "--all-pairs",
      description = "compare the other models with each other too, for the edges of homologs")
  private boolean allPairs;

  @Option(
      names = "--by-subset",
      description = "do everything for each subset of the text (meta.pile_set_name) too")
  private boolean bySubset;

  @Option(
      names = "--allow-equal",
      description = "compare models that have the same weights too, which are else refused")
  private boolean allowEqual;

  @Option(
      names = "--roles",
      description =
          "look for what the reference's neurons do too, as homolog roles does: prediction, entropy,"
              + " attention heads")
  private boolean roles;

  /** Folders of models, of which those that are not there are fetched. */
  HubFlags.Folders fetched(PrintWriter err) {
    return hub.fetched(err);
  }

  /** The options, with models in these folders. */
  StudyOptions options(RunFlags run, StudyOptions.Extent extent, HubFlags.Folders folders) {
    Similarity similar = Similarity.parse(similarity);
    return new StudyOptions(
        folders.of(reference),
        others.stream().map(folders::of).toList(),
        input.input(run),
        new Comparison(
            similar,
            top,
            threshold == null ? 0.5 : threshold,
            allPairs,
            bySubset,
            allowEqual,
            method()),
        baseline(similar, extent),
        run.resources(),
        run.seed(),
        new StudyOptions.Scope(extent, Processing.FOLDED, Focus.BEST, roles));
  }

  private Method method() {
    Method.Kind kind = Method.Kind.parse(method);
    int usual = kind == Method.Kind.SKETCH ? Method.USUAL_SIZE : 0;
    return new Method(kind, sketchSize == null ? usual : sketchSize);
  }

  private Baseline baseline(Similarity similar, StudyOptions.Extent extent) {
    String usual = similar == Similarity.JACCARD ? "permutation" : "rotation";
    Baseline.Kind kind = Baseline.Kind.parse(baseline == null ? usual : baseline);
    // A full study uses the threshold for homologs, so it applies without a baseline too.
    boolean idle = threshold != null && extent == StudyOptions.Extent.CORRELATIONS;
    refuse(draws != null && !kind.drawn(), InputOption.BASELINE_DRAWS, kind);
    refuse(rotation != null && kind != Baseline.Kind.ROTATION, InputOption.ROTATION, kind);
    refuse(idle && kind == Baseline.Kind.NONE, InputOption.THRESHOLD, kind);
    return new Baseline(kind, draws == null ? 1 : draws, rotation);
  }

  private static void refuse(boolean unused, InputOption option, Baseline.Kind kind) {
    if (unused) {
      throw new InputException(
          option, "--baseline " + kind + " has no use for it", "leave one of the two out");
    }
  }
}
