package dev.homolog.analysis.explanation;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.statistics.distribution.FDistribution;

/**
 * Which family a neuron belongs to, from what each feature explains of it.
 *
 * <p>A feature counts if it explains at least {@link #LEAST}, and more than chance would let the
 * best of all features explain of an unrelated neuron in 99 cases of 100. That is a bound from the
 * law of F with 1 and n − 2 degrees of freedom, at 0.01 divided by the number of families and by
 * the number of features of the family (Bonferroni). n is the number of positions, divided by the
 * feature's {@link Feature#run}: what lies in one document, or in one stretch of a row, is one
 * draw.
 *
 * <p>Of the features that count and explain at least {@link #NEARLY} of what the best explains, the
 * one of the simplest kind is chosen, and of several of that kind the best.
 */
final class FamilyRule {
  /** A tenth of the variance. */
  static final double LEAST = 0.1;

  /** Nine tenths of the best are nearly the best. */
  static final double NEARLY = 0.9;

  private static final double LEVEL = 0.01;

  private final List<Feature> features;
  private final double[] chance;

  /**
   * @param positions of the text
   */
  FamilyRule(List<Feature> features, long positions) {
    this.features = features;
    this.chance = new double[features.size()];
    Map<Family, Integer> count = new EnumMap<>(Family.class);
    features.forEach(feature -> count.merge(feature.family(), 1, Integer::sum));
    for (int f = 0; f < chance.length; f++) {
      Feature feature = features.get(f);
      double level = LEVEL / count.size() / count.get(feature.family());
      chance[f] = chance(positions / feature.run(), level);
    }
  }

  private static double chance(double draws, double level) {
    if (draws < 4) {
      return 1;
    }
    double f = FDistribution.of(1, draws - 2).inverseSurvivalProbability(level);
    return f / (f + draws - 2);
  }

  /** What chance may let a feature explain. */
  double chance(int feature) {
    return chance[feature];
  }

  /** What a feature must explain to count. */
  double threshold(int feature) {
    return Math.max(LEAST, chance[feature]);
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
   * @param explained reduction in variance by feature, NaN passed over
   */
  Choice choose(double[] explained) {
    int best = -1;
    int nearest = -1;
    for (int f = 0; f < explained.length; f++) {
      boolean counts = explained[f] >= threshold(f);
      best = counts ? better(best, f, explained) : best;
      nearest = Double.isNaN(explained[f]) ? nearest : better(nearest, f, explained);
    }
    if (best < 0) {
      return new Choice(Family.NONE, nearest, runnerUp(explained, nearest));
    }
    int chosen = best;
    for (int f = 0; f < explained.length; f++) {
      if (explained[f] >= threshold(f) && explained[f] >= NEARLY * explained[best]) {
        int order = features.get(f).kind().compareTo(features.get(chosen).kind());
        chosen = order < 0 || (order == 0 && explained[f] > explained[chosen]) ? f : chosen;
      }
    }
    return new Choice(features.get(chosen).family(), chosen, runnerUp(explained, chosen));
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
