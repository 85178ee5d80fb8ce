package dev.homolog.analysis.explanation;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.statistics.distribution.FDistribution;

/**
 * Decides the family of a neuron from the variance that each feature explains.
 *
 * <p>A feature counts if it explains at least {@link #LEAST}, and at least {@link #NEARLY} of what
 * the best feature explains. It must also explain more than a bound that an unrelated neuron
 * exceeds by chance with probability 0.01 or less. That level is divided by the number of families
 * and by the number of the family's features (Bonferroni). The bound is from
 *
 * <ul>
 *   <li>the law of F with 1 and n / run − 2 degrees of freedom, for n positions. The positions of
 *       one stretch ({@link Feature#run}) are one draw.
 *   <li>for subsets, whose draws are documents: what random labels explain of the same neuron on
 *       average ({@link Documents}), times a quantile of F. Its second degrees of freedom are those
 *       of these labels. Fewer than {@link #LEAST_DOCUMENTS} documents say nothing.
 * </ul>
 *
 * <p>The feature of the simplest kind that counts is chosen; of several of that kind, the best.
 */
final class FamilyRule {
  /** A tenth of the variance. */
  static final double LEAST = 0.1;

  /** Nine tenths of the best are nearly the best. */
  static final double NEARLY = 0.9;

  static final int LEAST_DOCUMENTS = 2 * Documents.LABELS;

  private static final double LEVEL = 0.01;

  private final List<Feature> features;
  private final long positions;
  private final double[] chance;
  private final double ofSubsets;

  /**
   * @param positions of the text
   */
  FamilyRule(List<Feature> features, long positions, int documents) {
    this.features = features;
    this.positions = positions;
    this.chance = new double[features.size()];
    Map<Family, Integer> count = new EnumMap<>(Family.class);
    features.forEach(feature -> count.merge(feature.family(), 1, Integer::sum));
    for (int f = 0; f < chance.length; f++) {
      Feature feature = features.get(f);
      double level = LEVEL / count.size() / count.get(feature.family());
      chance[f] = chance((double) positions / feature.run(), level);
    }
    int topics = count.getOrDefault(Family.TOPIC, 1);
    this.ofSubsets =
        documents < LEAST_DOCUMENTS
            ? Double.POSITIVE_INFINITY
            : FDistribution.of(1, Documents.DRAWS * (Documents.LABELS - 1.0))
                .inverseSurvivalProbability(LEVEL / count.size() / topics);
  }

  private static double chance(double draws, double level) {
    if (draws < 4) {
      return 1;
    }
    double f = FDistribution.of(1, draws - 2).inverseSurvivalProbability(level);
    return f / (f + draws - 2);
  }

  /**
   * What chance may let a feature explain of a neuron.
   *
   * @param shuffled mean reduction in variance by labels of documents that are drawn by chance
   */
  double chance(int feature, double shuffled) {
    if (features.get(feature).kind() != FeatureKind.SUBSET) {
      return chance[feature];
    }
    // A label of single positions explains 0 on the average, with a spread of one over their
    // number.
    double unit = 1.0 / positions;
    return ofSubsets * Math.max(unit, shuffled + unit) - unit;
  }

  private boolean counts(int feature, double[] explained, double best, double shuffled) {
    return explained[feature] >= LEAST
        && explained[feature] >= NEARLY * best
        && explained[feature] >= chance(feature, shuffled);
  }

  /**
   * A choice.
   *
   * @param family never null
   * @param feature that decided, or that came nearest where the family is none; −1 where no feature
   *     has a number
   * @param runnerUp the best of another family, which may be more than {@code feature} explains; −1
   *     where there is none
   */
  record Choice(Family family, int feature, int runnerUp) {}

  /**
   * @param explained reduction in variance by feature; NaN is ignored
   * @param shuffled as {@link #chance} has it; NaN where there are no subsets
   */
  Choice choose(double[] explained, double shuffled) {
    int best = -1;
    for (int f = 0; f < explained.length; f++) {
      best = Double.isNaN(explained[f]) ? best : better(best, f, explained);
    }
    int chosen = -1;
    for (int f = 0; f < explained.length; f++) {
      if (counts(f, explained, explained[best < 0 ? 0 : best], shuffled)) {
        int order = chosen < 0 ? -1 : kind(f).compareTo(kind(chosen));
        chosen = order < 0 || (order == 0 && explained[f] > explained[chosen]) ? f : chosen;
      }
    }
    return chosen < 0
        ? new Choice(Family.NONE, best, runnerUp(explained, best))
        : new Choice(features.get(chosen).family(), chosen, runnerUp(explained, chosen));
  }

  private FeatureKind kind(int feature) {
    return features.get(feature).kind();
  }

  private int runnerUp(double[] explained, int chosen) {
    int best = -1;
    for (int f = 0; f < explained.length; f++) {
      boolean another = chosen >= 0 && features.get(f).family() != features.get(chosen).family();
      best = another && !Double.isNaN(explained[f]) ? better(best, f, explained) : best;
    }
    return best;
  }

  private static int better(int best, int f, double[] explained) {
    return best < 0 || explained[f] > explained[best] ? f : best;
  }
}
