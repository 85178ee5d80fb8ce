package dev.homolog.analysis.correlation;

/** Correlations by the textbook: two passes in double precision over all tokens. */
final class Naive {
  private Naive() {}

  /** r of column i of x with column j of y over kept rows; NaN where either is constant. */
  static double correlation(double[][] x, int i, double[][] y, int j, boolean[] keep) {
    double n = 0;
    double meanX = 0;
    double meanY = 0;
    for (int t = 0; t < keep.length; t++) {
      if (keep[t]) {
        n++;
        meanX += x[t][i];
        meanY += y[t][j];
      }
    }
    meanX /= n;
    meanY /= n;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int t = 0; t < keep.length; t++) {
      if (keep[t]) {
        double dx = x[t][i] - meanX;
        double dy = y[t][j] - meanY;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
      }
    }
    return isConstant(x, i, keep) || isConstant(y, j, keep) ? Double.NaN : xy / Math.sqrt(xx * yy);
  }

  static boolean isConstant(double[][] x, int i, boolean[] keep) {
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (int t = 0; t < keep.length; t++) {
      if (keep[t]) {
        min = Math.min(min, x[t][i]);
        max = Math.max(max, x[t][i]);
      }
    }
    return !(min < max);
  }
}
