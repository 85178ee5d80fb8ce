package dev.homolog.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.StudyResult;
import dev.homolog.analysis.correlation.PairMatches;
import dev.homolog.analysis.correlation.Tails;
import dev.homolog.analysis.correlation.Universality;
import java.util.List;

/** How far two studies of the same text are from each other. */
final class StudyDifference {
  private StudyDifference() {}

  /** What a user would see of a change of precision. */
  static void describe(ObjectNode json, StudyResult mine, StudyResult reference) {
    double correlation = 0;
    double excess = 0;
    double baseline = 0;
    int[] changed = new int[2];
    int[] count = new int[2];
    double[] thresholds = {0.5, 0.3};
    List<Universality.Neuron> left = mine.universality().neurons();
    List<Universality.Neuron> right = reference.universality().neurons();
    for (int i = 0; i < right.size(); i++) {
      Universality.Neuron x = left.get(i);
      Universality.Neuron y = right.get(i);
      correlation = worse(correlation, x.maxCorr(), y.maxCorr());
      correlation = worse(correlation, x.minCorr(), y.minCorr());
      baseline = worse(baseline, x.meanBaseline(), y.meanBaseline());
      excess = worse(excess, x.excessCorr(), y.excessCorr());
      for (int k = 0; k < thresholds.length; k++) {
        boolean universal = y.universal(thresholds[k]);
        count[k] += universal ? 1 : 0;
        changed[k] += x.universal(thresholds[k]) == universal ? 0 : 1;
      }
    }
    double tails = 0;
    long otherMatch = 0;
    long matches = 0;
    for (int pair = 0; pair < mine.summary().pairs().size(); pair++) {
      PairMatches x = mine.summary().pairs().get(pair);
      PairMatches y = reference.summary().pairs().get(pair);
      tails = Math.max(tails, worst(x.highest(), y.highest()));
      tails = Math.max(tails, worst(x.lowest(), y.lowest()));
      tails = Math.max(tails, worst(x.highestBack(), y.highestBack()));
      tails = Math.max(tails, worst(x.lowestBack(), y.lowestBack()));
      for (int i = 0; i < y.highest().rows(); i++) {
        matches++;
        otherMatch += x.highest().match(i, 0) == y.highest().match(i, 0) ? 0 : 1;
      }
    }
    json.put("max_difference_best_r", correlation);
    json.put("max_difference_r_at_each_rank", tails);
    json.put("max_difference_baseline", baseline).put("max_difference_excess", excess);
    json.put("best_matches", matches).put("best_matches_that_change", otherMatch);
    for (int k = 0; k < thresholds.length; k++) {
      ObjectNode node = json.putObject("universal_at_" + thresholds[k]);
      node.put("in_fp32", count[k]).put("changed", changed[k]);
    }
  }

  private static double worst(Tails x, Tails y) {
    double worst = 0;
    for (int i = 0; i < y.rows(); i++) {
      for (int rank = 0; rank < y.k(); rank++) {
        worst = worse(worst, x.value(i, rank), y.value(i, rank));
      }
    }
    return worst;
  }

  /** The greater of a difference so far and that of two values; NaN on one side is infinite. */
  private static double worse(double soFar, double x, double y) {
    if (Double.isNaN(x) || Double.isNaN(y)) {
      return Double.isNaN(x) == Double.isNaN(y) ? soFar : Double.POSITIVE_INFINITY;
    }
    return Math.max(soFar, Math.abs(x - y));
  }
}
