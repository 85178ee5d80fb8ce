package dev.homolog.analysis.lineage;

import dev.homolog.analysis.input.TrainingStep;
import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What the weights of a study's models say of their descent.
 *
 * @param pairs all pairs of models, the reference with each other first
 * @param operations on floating-point numbers that this took
 */
public record Lineage(List<Pair> pairs, double operations) {

  /** How two models are related. */
  public enum Relation {
    /** All tensors are equal. */
    EQUAL,
    /** One was initialised or fine-tuned from the other, or is a step of the same training. */
    RELATED,
    /** The weights show no relation. */
    UNRELATED,
    /** The models have no tensor of the same name and shape. */
    NOT_COMPARABLE;

    /** The name in {@code study.json}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * Two models. Shares, distance and cosines are NaN where there is nothing to compare.
   *
   * @param model the name of the first
   * @param other the name of the second
   * @param relation what follows from the numbers
   * @param steps whether their names say that they are steps of one training
   * @param equalFiles whether the files of weights have equal SHA-256
   * @param equalTensors share of the common tensors that are equal bit for bit as doubles
   * @param distance |W_A − W_B| / |W_A| over the common tensors, Frobenius
   * @param cosines of input weights
   */
  public record Pair(
      String model,
      String other,
      Relation relation,
      boolean steps,
      boolean equalFiles,
      double equalTensors,
      double distance,
      Cosines cosines) {}

  /**
   * Mean over neurons of the cosine between w_in of a neuron and w_in of its partner in the other
   * model, as stored.
   *
   * @param sameIndex where the partner has the same layer and index
   * @param permuted mean over draws where partners are permuted within layers
   * @param deviation standard deviation over these draws
   */
  public record Cosines(double sameIndex, double permuted, double deviation) {
    static final Cosines NONE = new Cosines(Double.NaN, Double.NaN, Double.NaN);

    /** How many deviations the first lies above what chance makes. */
    boolean beyondChance() {
      return sameIndex > permuted + DEVIATIONS * deviation;
    }
  }

  /** A cosine this many deviations above the permuted mean is no chance. */
  static final double DEVIATIONS = 6;

  private static final String SAME_NEURONS =
      ". Their neurons match because they are the same neurons.";

  public Lineage {
    pairs = List.copyOf(pairs);
  }

  /**
   * Compares the weights of all pairs of models; reads all weights of both for each.
   *
   * @param seed of the permutations
   * @param threads that compute; what is found does not depend on their number
   */
  public static Lineage of(
      List<ActivationStream.Model> models, long seed, int threads, ProgressListener progress) {
    List<Pair> pairs = new ArrayList<>();
    double operations = 0;
    int total = models.size() * (models.size() - 1) / 2;
    try (Crew crew = new Crew(threads)) {
      for (int a = 0; a < models.size(); a++) {
        for (int b = a + 1; b < models.size(); b++) {
          Checkpoint first = models.get(a).checkpoint();
          Checkpoint second = models.get(b).checkpoint();
          PairOfWeights weights = new PairOfWeights(first, second, seed, crew);
          operations += weights.operations();
          pairs.add(pair(models.get(a), models.get(b), weights));
          progress.progress("lineage", pairs.size(), total);
        }
      }
    }
    return new Lineage(pairs, operations);
  }

  private static Pair pair(
      ActivationStream.Model a, ActivationStream.Model b, PairOfWeights weights) {
    return new Pair(
        a.name(),
        b.name(),
        weights.relation(),
        stepsOfOneTraining(a.checkpoint(), b.checkpoint()),
        weights.equalFiles(),
        weights.equalTensors(),
        weights.distance(),
        weights.cosines());
  }

  private static boolean stepsOfOneTraining(Checkpoint a, Checkpoint b) {
    Optional<String> series = series(a);
    return series.isPresent() && series.equals(series(b));
  }

  private static Optional<String> series(Checkpoint model) {
    return TrainingStep.of(Path.of(model.location())).map(TrainingStep::series);
  }

  /** A sentence for each group of models that are equal or related; empty where none are. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    for (List<String> names : groups(pair -> pair.relation() == Relation.EQUAL)) {
      notes.add(String.join(", ", names) + " have the same weights" + SAME_NEURONS);
    }
    boolean[] byIntent = {true, false};
    for (boolean steps : byIntent) {
      for (List<String> names :
          groups(pair -> pair.relation() == Relation.RELATED && pair.steps() == steps)) {
        String how =
            steps
                ? " are training steps of one model, related by intent"
                : " are related: initialised or fine-tuned from one another, or steps of one"
                    + " training";
        notes.add(String.join(", ", names) + how + SAME_NEURONS);
      }
    }
    return notes;
  }

  /** Names that such pairs connect, each group in the order of the models. */
  private List<List<String>> groups(Predicate<Pair> connects) {
    List<Set<String>> groups = new ArrayList<>();
    for (Pair pair : pairs.stream().filter(connects).toList()) {
      Set<String> joined = new LinkedHashSet<>();
      groups.removeIf(group -> {
        boolean meets = group.contains(pair.model()) || group.contains(pair.other());
        if (meets) {
          joined.addAll(group);
        }
        return meets;
      });
      joined.add(pair.model());
      joined.add(pair.other());
      groups.add(joined);
    }
    return groups.stream().map(List::copyOf).toList();
  }

  /** The pairs of a relation. */
  public List<Pair> of(Relation relation) {
    return pairs.stream().filter(pair -> pair.relation() == relation).toList();
  }

  /**
   * Refuses models that are the same.
   *
   * @throws InputException if two models are equal
   */
  public void requireDifferent() {
    of(Relation.EQUAL).stream()
        .findFirst()
        .ifPresent(pair -> {
          throw new InputException(
              InputOption.OTHER,
              pair.other() + " has the same weights as " + pair.model(),
              "leave one of them out, or give "
                  + InputOption.ALLOW_EQUAL.flag()
                  + " to compare them all the same");
        });
  }

  @Override
  public String toString() {
    return Brief.of("Lineage").with("pairs", pairs).with("operations", operations).toString();
  }
}
