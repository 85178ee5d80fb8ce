package dev.homolog.analysis.roles;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's cyclic rotations (Golub and Van
 * Loan, Matrix Computations, section 8.5). This is slow for large matrices. For positive ones it
 * gives even small eigenvalues to the last digits.
 *
 * @param values eigenvalues, the greatest first
 * @param vectors eigenvectors of length 1, one a row, in the same order
 */
record SymmetricEigen(double[] values, double[][] vectors) {
  private static final int MOST_SWEEPS = 60;

  /** Off-diagonal elements this much smaller than the diagonal count as zero. */
  private static final double NOTHING = 1e-15;

  /** Of a symmetric matrix [n, n], which is left as it is. */
  static SymmetricEigen of(double[][] matrix) {
    int n = matrix.length;
    double[][] a = new double[n][];
    double[][] v = new double[n][n]; // rows are eigenvectors
    for (int i = 0; i < n; i++) {
      a[i] = matrix[i].clone();
      v[i][i] = 1;
    }
    boolean rotated = true;
    for (int sweep = 0; rotated && sweep < MOST_SWEEPS; sweep++) {
      rotated = false;
      double size = 0;
      for (int i = 0; i < n; i++) {
        size = Math.max(size, Math.abs(a[i][i]));
      }
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          if (Math.abs(a[p][q]) > NOTHING * size) {
            annihilate(a, v, p, q);
            rotated = true;
          }
        }
      }
    }
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -a[i][i]).thenComparing(i -> i))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] values = new double[n];
    double[][] vectors = new double[n][];
    for (int i = 0; i < n; i++) {
      values[i] = a[order[i]][order[i]];
      vectors[i] = v[order[i]];
    }
    return new SymmetricEigen(values, vectors);
  }

  /** Rotates so that a[p][q] becomes zero. Both triangles are kept: rows are contiguous. */
  private static void annihilate(double[][] a, double[][] v, int p, int q) {
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
    double c = 1 / Math.hypot(t, 1);
    double s = t * c;
    double app = a[p][p] - t * a[p][q];
    double aqq = a[q][q] + t * a[p][q];
    rotate(a[p], a[q], c, s);
    for (int i = 0; i < a.length; i++) {
      a[i][p] = a[p][i];
      a[i][q] = a[q][i];
    }
    a[p][p] = app;
    a[q][q] = aqq;
    a[p][q] = 0;
    a[q][p] = 0;
    rotate(v[p], v[q], c, s);
  }

  private static void rotate(double[] x, double[] y, double c, double s) {
    for (int i = 0; i < x.length; i++) {
      double xi = x[i];
      double yi = y[i];
      x[i] = c * xi - s * yi;
      y[i] = s * xi + c * yi;
    }
  }
}
