package dev.homolog.analysis.lineage;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.MatrixOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/**
 * Cosines of the input weights of neurons of two models: with the neuron of the same index, and
 * with neurons permuted within the layer. A weight vector of zeros has cosine 0 with all others.
 */
final class InputCosines {
  private static final int DRAWS = 20;

  /** Rows of a matrix that are held at once, or that are a piece of work. */
  private static final int ROWS = 64;

  private static final RandomGeneratorFactory<RandomGenerator> RANDOM =
      RandomGeneratorFactory.of("L64X128MixRandom");

  /** The first partner of each neuron is the one of its index; the others are drawn. */
  private final List<int[]> partners = new ArrayList<>();

  /** By draw, the sum of cosines over neurons. */
  private final double[] sums = new double[1 + DRAWS];

  private final Crew crew;
  private long neurons;

  private double operations;

  private InputCosines(Crew crew) {
    this.crew = crew;
  }

  /** Over the layers in which both models have input weights of the same shape. */
  static InputCosines of(Checkpoint a, Checkpoint b, long seed, Crew crew) {
    InputCosines cosines = new InputCosines(crew);
    MatrixOrder order = a.config().architecture().family().matrixOrder();
    boolean sameOrder = order == b.config().architecture().family().matrixOrder();
    int layers = Math.min(a.config().layers(), b.config().layers());
    for (int layer = 0; sameOrder && layer < layers; layer++) {
      StoredTensor x = a.tensor(inputOf(a, layer));
      StoredTensor y = b.tensor(inputOf(b, layer));
      if (x.shape().equals(y.shape())) {
        cosines.draw(a.config().dMlp(), RANDOM.create(seed * 31 + layer));
        // A product and a sum with each partner, and for both squares.
        cosines.operations += 2.0 * (1 + DRAWS + 2) * x.elements();
        cosines.add(PairOfWeights.matrix(x), PairOfWeights.matrix(y), order);
      }
    }
    return cosines;
  }

  private static String inputOf(Checkpoint model, int layer) {
    return model.config().architecture().family().names().block(layer).in() + ".weight";
  }

  private void draw(int count, RandomGenerator random) {
    partners.clear();
    partners.add(IntStream.range(0, count).toArray());
    for (int draw = 0; draw < DRAWS; draw++) {
      List<Integer> permutation = new ArrayList<>(IntStream.range(0, count).boxed().toList());
      Collections.shuffle(permutation, random);
      partners.add(permutation.stream().mapToInt(Integer::intValue).toArray());
    }
    neurons += count;
  }

  private void add(Tensor x, Tensor y, MatrixOrder order) {
    int count = partners.getFirst().length;
    double[][] dots = new double[partners.size()][count];
    double[] squaresX = new double[count];
    double[] squaresY = new double[count];
    switch (order) {
      case IN_OUT -> columns(x, y, dots, squaresX, squaresY);
      case OUT_IN -> rows(x, y, dots, squaresX, squaresY);
    }
    for (int draw = 0; draw < sums.length; draw++) {
      int[] partner = partners.get(draw);
      for (int n = 0; n < count; n++) {
        double norms = Math.sqrt(squaresX[n]) * Math.sqrt(squaresY[partner[n]]);
        sums[draw] += norms == 0 ? 0 : dots[draw][n] / norms;
      }
    }
  }

  /** A column is a neuron. Each of its sums is made by one piece, in the order of the rows. */
  private void columns(Tensor x, Tensor y, double[][] dots, double[] squaresX, double[] squaresY) {
    double[][] rowsX = new double[ROWS][squaresX.length];
    double[][] rowsY = new double[ROWS][squaresX.length];
    for (long from = 0; from < x.rows(); from += ROWS) {
      long first = from;
      int count = (int) Math.min(ROWS, x.rows() - from);
      crew.run(
          count,
          row -> {
            x.readRow(first + row, rowsX[row]);
            y.readRow(first + row, rowsY[row]);
          });
      crew.run(
          dots.length + 2,
          piece -> {
            if (piece < dots.length) {
              addProducts(rowsX, rowsY, count, partners.get(piece), dots[piece]);
            } else if (piece == dots.length) {
              addSquares(rowsX, count, squaresX);
            } else {
              addSquares(rowsY, count, squaresY);
            }
          });
    }
  }

  private static void addProducts(
      double[][] rowsX, double[][] rowsY, int count, int[] partner, double[] dot) {
    for (int row = 0; row < count; row++) {
      double[] x = rowsX[row];
      double[] y = rowsY[row];
      for (int n = 0; n < dot.length; n++) {
        dot[n] += x[n] * y[partner[n]];
      }
    }
  }

  private static void addSquares(double[][] rows, int count, double[] squares) {
    for (int row = 0; row < count; row++) {
      for (int n = 0; n < squares.length; n++) {
        squares[n] += rows[row][n] * rows[row][n];
      }
    }
  }

  /** A row is a neuron. */
  private void rows(Tensor x, Tensor y, double[][] dots, double[] squaresX, double[] squaresY) {
    int width = Math.toIntExact(x.cols());
    int count = squaresX.length;
    crew.run(
        Math.ceilDiv(count, ROWS),
        piece -> {
          double[] rowX = new double[width];
          double[] rowY = new double[width];
          for (int n = piece * ROWS; n < Math.min(count, (piece + 1) * ROWS); n++) {
            y.readRow(n, rowY);
            squaresY[n] = dot(rowY, rowY);
            x.readRow(n, rowX);
            squaresX[n] = dot(rowX, rowX);
            for (int draw = 0; draw < dots.length; draw++) {
              y.readRow(partners.get(draw)[n], rowY);
              dots[draw][n] = dot(rowX, rowY);
            }
          }
        });
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** Multiplications and additions that were done. */
  double operations() {
    return operations;
  }

  Lineage.Cosines result() {
    if (neurons == 0) {
      return Lineage.Cosines.NONE;
    }
    double[] drawn = Arrays.stream(sums, 1, sums.length).map(sum -> sum / neurons).toArray();
    double mean = Arrays.stream(drawn).average().orElseThrow();
    double squares = Arrays.stream(drawn).map(value -> (value - mean) * (value - mean)).sum();
    return new Lineage.Cosines(sums[0] / neurons, mean, Math.sqrt(squares / (drawn.length - 1)));
  }
}
