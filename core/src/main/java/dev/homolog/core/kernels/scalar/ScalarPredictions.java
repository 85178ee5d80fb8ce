package dev.homolog.core.kernels.scalar;

import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.memory.Tensor;

/** Loss, entropy, rank and expected weight of predictions, position by position. */
final class ScalarPredictions {
  private ScalarPredictions() {}

  /** As {@link dev.homolog.core.kernels.ForwardPass} says of its method of this kind. */
  static void of(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    ShapeChecks.predictions(logits, adjustment, targets, weights, out);
    double[] x = new double[Math.toIntExact(logits.cols())];
    for (long t = 0; t < logits.rows(); t++) {
      adjusted(logits, adjustment, t, x);
      double greatest = Double.NEGATIVE_INFINITY;
      for (int v = 0; v < x.length; v++) {
        greatest = Math.max(greatest, x[v]);
      }
      double total = 0;
      for (int v = 0; v < x.length; v++) {
        total += Math.exp(x[v] - greatest);
      }
      double logTotal = greatest + Math.log(total);
      int target = (int) targets.get(t, 0);
      double targetLogit = target < 0 ? Double.NaN : x[target];
      double entropy = 0;
      double rank = target < 0 ? Double.NaN : 0;
      double expected = 0;
      for (int v = 0; v < x.length; v++) {
        double logit = x[v];
        double p = Math.exp(logit - logTotal);
        entropy -= p * (logit - logTotal);
        expected += weights == null ? 0 : p * weights.get(0, v);
        rank += logit > targetLogit ? 1 : 0;
      }
      out.set(t, 0, logTotal - targetLogit);
      out.set(t, 1, entropy);
      out.set(t, 2, rank);
      out.set(t, 3, expected);
    }
  }

  private static void adjusted(Tensor logits, LogitAdjustment by, long t, double[] x) {
    logits.readRow(t, x);
    double scale = by.scale() == null ? 1 : by.scale().get(t, 0);
    double along = by.along() == null ? 0 : by.along().get(t, 0);
    for (int v = 0; v < x.length; v++) {
      x[v] = scale * x[v] + (along == 0 ? 0 : along * by.direction().get(0, v));
    }
  }
}
