package dev.homolog.analysis;

import dev.homolog.analysis.closeup.Focus;
import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Comparison;
import dev.homolog.analysis.correlation.Method;
import dev.homolog.analysis.correlation.Rotation;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.Manifest;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.shard.SavedStudy;
import dev.homolog.analysis.state.Identity;
import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.model.Processing;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What a study reads and how. Made by {@link #of}, changed by the {@code with} methods.
 *
 * @param reference folder of the model whose neurons are judged
 * @param others folders of the models it is compared with
 * @param input text or tokens
 * @param comparison how neurons are compared
 * @param baseline what correlations are compared with
 * @param resources what it may use
 * @param seed of all that is random
 * @param scope how much is measured
 */
public record StudyOptions(
    Path reference,
    List<Path> others,
    TokenInput input,
    Comparison comparison,
    Baseline baseline,
    Resources resources,
    long seed,
    Scope scope) {

  /**
   * How much is measured.
   *
   * @param processing of the weights that tables of weights look at
   * @param focus which neurons get a closer look
   * @param roles whether roles of the reference's neurons are looked for
   */
  public record Scope(Extent extent, Processing processing, Focus focus, boolean roles) {
    public Scope {
      Objects.requireNonNull(processing, "processing");
    }

    /** Of that extent, with folded weights and the best neurons, and without roles. */
    public static Scope of(Extent extent) {
      return new Scope(extent, Processing.FOLDED, Focus.BEST, false);
    }

    @Override
    public String toString() {
      return Brief.of("Scope")
          .with("extent", extent)
          .with("processing", processing)
          .with("focus", focus)
          .with("roles", roles)
          .toString();
    }
  }

  /** How much of a study is done. */
  public enum Extent {
    /** Correlations, baseline, matches and histograms. */
    CORRELATIONS,
    /** These, how they settle with the text, homologs, and a close look at the best neurons. */
    EVERYTHING,
    /** The reference alone: how its neurons behave, and a close look at those that are named. */
    ACTIVATIONS
  }

  /**
   * @throws InputException if a value is out of range; {@code where()} is the flag of the command
   *     that would hold it
   */
  public StudyOptions {
    Objects.requireNonNull(reference, "reference");
    others = List.copyOf(others);
    if (scope.extent() == Extent.ACTIVATIONS) {
      if (!others.isEmpty() || baseline.kind() != Baseline.Kind.NONE) {
        throw new IllegalArgumentException("activations are those of one model, without baseline");
      }
    } else if (!scope.focus().equals(Focus.BEST)) {
      throw new IllegalArgumentException("a study looks at the best neurons that it finds");
    } else if (others.isEmpty()) {
      throw new InputException(
          InputOption.OTHER, "no model to compare with", "name at least one folder");
    }
    Set<Path> distinct = new HashSet<>();
    for (Path other : others) {
      if (!distinct.add(other.toAbsolutePath().normalize())) {
        throw new InputException(InputOption.OTHER, other + " is given twice", "leave one out");
      }
    }
    if (comparison.similarity() == Similarity.JACCARD
        && (baseline.kind() == Baseline.Kind.ROTATION
            || baseline.kind() == Baseline.Kind.GAUSSIAN)) {
      throw new InputException(
          InputOption.BASELINE,
          "sets of tokens, which --similarity jaccard compares, have no " + baseline.kind(),
          "give --baseline permutation or none");
    }
    if (comparison.allPairs() && (others.size() < 2 || scope.extent() == Extent.CORRELATIONS)) {
      throw new InputException(
          InputOption.ALL_PAIRS,
          others.size() < 2
              ? "there is only one other model"
              : "its edges are those of homologs, which only a whole study finds",
          "leave it out");
    }
    if (scope.roles() && scope.extent() == Extent.CORRELATIONS) {
      throw new InputException(
          InputOption.ROLES, "roles are looked for in a whole study only", "leave it out");
    }
    if (comparison.bySubset() && baseline.kind() == Baseline.Kind.PERMUTATION) {
      throw new InputException(
          InputOption.BY_SUBSET,
          "a batch holds too few tokens of a subset to permute",
          "give --baseline rotation, gaussian or none");
    }
    if (comparison.method().isSketch() && baseline.kind() == Baseline.Kind.PERMUTATION) {
      throw new InputException(
          InputOption.BASELINE,
          "a sketch does not keep the tokens that " + baseline.kind() + " needs",
          "give --baseline rotation, gaussian or none, or --method exact");
    }
  }

  /**
   * Checks that files which the study reads beside its models are there and of a kind that is read.
   *
   * @throws InputException if one is not
   */
  public void requireFiles() {
    input.requireFiles();
    if (baseline.rotation() != null) {
      Rotation.requireFile(baseline.rotation());
    }
  }

  /** Adds the options to {@code study.json}; measurements add their own. */
  void describe(Facts facts, RunFacts run) {
    facts.put("reference", reference.toString());
    others.forEach(path -> facts.add("other", path.toString()));
    Manifest.input(facts, input);
    Manifest.resources(facts, resources, run.batchRows());
    focus().neurons().forEach(neuron -> facts.add("neuron", neuron.plain()));
    facts.put("seed", seed);
    if (!others.isEmpty()) {
      facts.put("roles", roles());
    }
  }

  /** Adds what a result depends on, besides models and text. */
  void identify(Identity identity) {
    identity.put("the command", command()).put("--seed", seed);
    identity.put("--similarity", comparison.similarity()).put("--top", comparison.top());
    identity.put("--threshold", comparison.threshold());
    identity.put("--method", comparison.method().kind());
    identity.put("--sketch-size", comparison.method().size());
    identity.put("--all-pairs", comparison.allPairs()).put("--by-subset", comparison.bySubset());
    identity.put("--baseline", baseline.kind()).put("--baseline-draws", baseline.draws());
    if (baseline.rotation() != null) {
      identity.put("--rotation", Identity.hash(baseline.rotation()));
    }
    identity.put("--roles", roles()).put("--processing", processing());
    focus().neurons().forEach(neuron -> identity.put("--neuron " + neuron.plain(), true));
  }

  private String command() {
    return switch (extent()) {
      case EVERYTHING -> "study";
      case CORRELATIONS -> "correlate";
      case ACTIVATIONS -> "activations";
    };
  }

  /** The published settings: one draw of the rotation baseline, threshold 0.5, 50 matches. */
  public static StudyOptions of(Path reference, List<Path> others, TokenInput input) {
    return new StudyOptions(
        reference,
        others,
        input,
        Comparison.PUBLISHED,
        Baseline.rotation(1),
        Resources.OF_THE_MACHINE,
        0,
        Scope.of(Extent.EVERYTHING));
  }

  /**
   * Those of a study whose shards are joined.
   *
   * @param machine what it may use; rows a batch are those of the shards
   */
  static StudyOptions of(SavedStudy study, Resources machine) {
    return new StudyOptions(
        study.reference(),
        study.others(),
        study.input(),
        study.comparison(),
        study.baseline(),
        new Resources(study.batchRows(), machine.memory(), machine.followLinks()),
        study.seed(),
        new Scope(
            study.everything() ? Extent.EVERYTHING : Extent.CORRELATIONS,
            study.processing(),
            Focus.BEST,
            study.roles()));
  }

  /** What a shard of it keeps, of which {@link #of(SavedStudy, Resources)} makes it anew. */
  public SavedStudy saved() {
    return new SavedStudy(
        reference,
        others,
        input,
        comparison,
        baseline,
        resources.batchRows(),
        seed,
        extent() == Extent.EVERYTHING,
        processing(),
        roles());
  }

  /** How one model's neurons behave on a text, with a close look at some of them. */
  public static StudyOptions activations(Path model, TokenInput input, Focus focus) {
    return new StudyOptions(
        model,
        List.of(),
        input,
        Comparison.PUBLISHED,
        new Baseline(Baseline.Kind.NONE, 1, null),
        Resources.OF_THE_MACHINE,
        0,
        new Scope(Extent.ACTIVATIONS, Processing.FOLDED, focus, false));
  }

  /** How much of a study is done. */
  public Extent extent() {
    return scope.extent();
  }

  /** Of the weights that tables of weights look at. */
  public Processing processing() {
    return scope.processing();
  }

  /** Which neurons get a closer look. */
  public Focus focus() {
    return scope.focus();
  }

  /** Whether roles of the reference's neurons are looked for. */
  public boolean roles() {
    return scope.roles();
  }

  public StudyOptions withComparison(Comparison comparison) {
    return new StudyOptions(reference, others, input, comparison, baseline, resources, seed, scope);
  }

  public StudyOptions withSimilarity(Similarity similarity) {
    return withComparison(comparison.withSimilarity(similarity));
  }

  public StudyOptions withTop(int top) {
    return withComparison(comparison.withTop(top));
  }

  public StudyOptions withThreshold(double threshold) {
    return withComparison(comparison.withThreshold(threshold));
  }

  /** Also compares the other models with each other. */
  public StudyOptions withAllPairs(boolean allPairs) {
    return withComparison(comparison.withAllPairs(allPairs));
  }

  /** Also does everything for each subset of the text. */
  public StudyOptions withBySubset(boolean bySubset) {
    return withComparison(comparison.withBySubset(bySubset));
  }

  /** Also compares models that have the same weights. */
  public StudyOptions withAllowEqual(boolean allowEqual) {
    return withComparison(comparison.withAllowEqual(allowEqual));
  }

  /** Finds similarities by that method. */
  public StudyOptions withMethod(Method method) {
    return withComparison(comparison.withMethod(method));
  }

  public StudyOptions withBaseline(Baseline baseline) {
    return new StudyOptions(reference, others, input, comparison, baseline, resources, seed, scope);
  }

  public StudyOptions withResources(Resources resources) {
    return new StudyOptions(reference, others, input, comparison, baseline, resources, seed, scope);
  }

  public StudyOptions withBatchRows(int batchRows) {
    return withResources(
        new Resources(OptionalInt.of(batchRows), resources.memory(), resources.followLinks()));
  }

  /** Bounds the bytes that the process may hold. */
  public StudyOptions withMemory(long bytes) {
    return withResources(
        new Resources(resources.batchRows(), OptionalLong.of(bytes), resources.followLinks()));
  }

  public StudyOptions withSeed(long seed) {
    return new StudyOptions(reference, others, input, comparison, baseline, resources, seed, scope);
  }

  public StudyOptions withScope(Scope scope) {
    return new StudyOptions(reference, others, input, comparison, baseline, resources, seed, scope);
  }

  public StudyOptions withExtent(Extent extent) {
    return withScope(new Scope(extent, scope.processing(), scope.focus(), scope.roles()));
  }

  public StudyOptions withProcessing(Processing processing) {
    return withScope(new Scope(scope.extent(), processing, scope.focus(), scope.roles()));
  }

  /** Also looks for roles of the reference's neurons. */
  public StudyOptions withRoles(boolean roles) {
    return withScope(new Scope(scope.extent(), scope.processing(), scope.focus(), roles));
  }

  @Override
  public String toString() {
    return Brief.of("StudyOptions")
        .with("reference", reference)
        .with("others", others)
        .with("input", input)
        .with("comparison", comparison)
        .with("baseline", baseline)
        .with("resources", resources)
        .with("seed", seed)
        .with("scope", scope)
        .toString();
  }
}
