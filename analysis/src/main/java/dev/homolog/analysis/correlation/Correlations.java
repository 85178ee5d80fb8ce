package dev.homolog.analysis.correlation;

import dev.homolog.analysis.input.TrainingStep;
import dev.homolog.core.Brief;
import dev.homolog.core.model.NeuronId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What comparing the models found. Neurons are flat ids, layer · d_mlp + neuron.
 *
 * @param summary correlations with each other model
 * @param universality of each reference neuron
 * @param chance what independent normal neurons would reach, by other model; empty where there is
 *     no such law
 * @param byOther what each other model says on its own, in their order
 * @param allButOne neurons that every other model but one has too; empty without a baseline
 */
public record Correlations(
    CorrelationSummary summary,
    Universality universality,
    List<OfChance> chance,
    List<OfOther> byOther,
    List<AllButOne> allButOne) {

  /**
   * A neuron of the reference whose best correlation is above its baseline by more than the
   * threshold in every other model but one.
   *
   * @param missing number of that model among the others
   * @param excessThere its excess in that model
   * @param leastElsewhere the least excess in the rest
   */
  public record AllButOne(
      NeuronId neuron, int missing, double excessThere, double leastElsewhere) {}

  /**
   * The greatest correlation with as many independent normal neurons as another model has.
   *
   * @param median half of all reference neurons would have more
   * @param upper one in twenty would have more
   * @param above how many have more than {@code upper}
   */
  public record OfChance(String other, double median, double upper, int above) {}

  /**
   * One other model. Means and medians are over the neurons of the reference that have a
   * correlation with it.
   *
   * @param series equal for the training steps of one model; empty where the name says no step
   * @param step that the name says
   * @param neurons of the reference that have a correlation with it
   * @param universal neurons whose best correlation with it is above its baseline by more than the
   *     threshold
   * @param homologs mutual best matches above the threshold
   */
  public record OfOther(
      String other,
      String series,
      OptionalLong step,
      int neurons,
      int universal,
      double mean,
      double median,
      double meanBaseline,
      int homologs) {}

  /**
   * What all passes found.
   *
   * @param folders of the other models, whose names may tell a training step
   * @param greatest greatest correlation by other model and reference neuron
   * @param draws the same of the baseline, by draw; empty without one
   * @param kept tokens that the law of chance is over: those that count or, of a sketch, fewer
   */
  record Evidence(
      Comparison comparison,
      List<Path> folders,
      double[][] greatest,
      List<double[][]> draws,
      long kept) {

    double threshold() {
      return comparison.threshold();
    }

    private double meanOfDraws(int other, int neuron) {
      double sum = 0;
      for (double[][] draw : draws) {
        sum += draw[other][neuron];
      }
      return sum / draws.size();
    }

    private double excess(int other, int neuron) {
      return greatest[other][neuron] - meanOfDraws(other, neuron);
    }
  }

  static Correlations of(CorrelationSummary summary, Evidence evidence) {
    int dMlp = summary.pairs().getFirst().one().dMlp();
    return new Correlations(
        summary,
        Universality.of(evidence.greatest, evidence.draws, dMlp),
        laws(summary, evidence),
        byOther(summary, evidence),
        allButOne(evidence, dMlp));
  }

  /** Of three models and more: a neuron missing in the one other model is in none. */
  private static List<AllButOne> allButOne(Evidence evidence, int dMlp) {
    int others = evidence.greatest.length;
    List<AllButOne> neurons = new ArrayList<>();
    int all = others > 1 && !evidence.draws.isEmpty() ? evidence.greatest[0].length : 0;
    for (int i = 0; i < all; i++) {
      int missing = -1;
      int belowThreshold = 0;
      double excessThere = Double.NaN;
      double lowest = Double.POSITIVE_INFINITY;
      for (int other = 0; other < others; other++) {
        double excess = evidence.excess(other, i);
        if (excess > evidence.threshold()) {
          lowest = Math.min(lowest, excess);
        } else {
          belowThreshold++;
          missing = other;
          excessThere = excess;
        }
      }
      if (belowThreshold == 1) {
        neurons.add(new AllButOne(NeuronId.of(i, dMlp), missing, excessThere, lowest));
      }
    }
    return List.copyOf(neurons);
  }

  /** A universality of one other model at a time. */
  private static List<OfOther> byOther(CorrelationSummary summary, Evidence evidence) {
    List<OfOther> models = new ArrayList<>();
    for (int other = 0; other < evidence.greatest.length; other++) {
      int number = other;
      double[] best = evidence.greatest[other];
      Universality alone =
          Universality.of(
              new double[][] {best},
              evidence.draws.stream().map(draw -> new double[][] {draw[number]}).toList());
      double[] sorted = Arrays.stream(best).filter(r -> !Double.isNaN(r)).sorted().toArray();
      double[] baseline =
          alone.neurons().stream()
              .mapToDouble(Universality.Neuron::meanBaseline)
              .filter(r -> !Double.isNaN(r))
              .toArray();
      PairMatches pair = summary.pairs().get(other);
      Optional<TrainingStep> step = TrainingStep.of(evidence.folders.get(other));
      models.add(
          new OfOther(
              pair.other().name(),
              step.map(TrainingStep::series).orElse(""),
              step.map(s -> OptionalLong.of(s.step())).orElse(OptionalLong.empty()),
              sorted.length,
              alone.count(evidence.threshold()),
              Arrays.stream(sorted).average().orElse(Double.NaN),
              median(sorted),
              Arrays.stream(baseline).average().orElse(Double.NaN),
              Homologs.count(pair, evidence.threshold())));
    }
    return List.copyOf(models);
  }

  private static double median(double[] sorted) {
    int half = sorted.length / 2;
    if (sorted.length == 0) {
      return Double.NaN;
    }
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  private static List<OfChance> laws(CorrelationSummary summary, Evidence evidence) {
    Similarity similarity = evidence.comparison.similarity();
    if (similarity == Similarity.JACCARD) {
      return List.of();
    }
    List<OfChance> laws = new ArrayList<>();
    for (PairMatches pair : summary.pairs()) {
      GaussianLaw law = GaussianLaw.of(similarity, evidence.kept, pair.other().count());
      double upper = law.upper();
      int aboveBaseline = 0;
      for (int i = 0; i < pair.highest().rows(); i++) {
        aboveBaseline += pair.highest().value(i, 0) > upper ? 1 : 0;
      }
      laws.add(new OfChance(pair.other().name(), law.median(), upper, aboveBaseline));
    }
    return List.copyOf(laws);
  }

  @Override
  public String toString() {
    return Brief.of("Correlations")
        .with("summary", summary)
        .with("universality", universality)
        .with("chance", chance)
        .with("byOther", byOther)
        .with("allButOne", allButOne)
        .toString();
  }
}
