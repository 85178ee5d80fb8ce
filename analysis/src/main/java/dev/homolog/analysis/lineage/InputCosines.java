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
  private static final RandomGeneratorFactory<RandomGenerator> RANDOM =
      RandomGeneratorFactory.of("L64X128MixRandom");

  /** The first partner of each neuron is the one of its index; the others are drawn. */
  private final List<int[]> partners = new ArrayList<>();

  /** By draw, the sum of cosines over neurons. */
  private final double[] sums = new double[1 + DRAWS];

  private long neurons;

  private InputCosines() {}

  /** Over the layers in which both models have input weights of the same shape. */
  static Lineage.Cosines of(Checkpoint a, Checkpoint b, long seed) {
    InputCosines cosines = new InputCosines();
    MatrixOrder order = a.config().architecture().family().matrixOrder();
    boolean sameOrder = order == b.config().architecture().family().matrixOrder();
    int layers = Math.min(a.config().layers(), b.config().layers());
    for (int layer = 0; sameOrder && layer < layers; layer++) {
      StoredTensor x = a.tensor(inputOf(a, layer));
      StoredTensor y = b.tensor(inputOf(b, layer));
      if (x.shape().equals(y.shape())) {
        cosines.draw(a.config().dMlp(), RANDOM.create(seed * 31 + layer));
        cosines.add(PairOfWeights.matrix(x), PairOfWeights.matrix(y), order);
      }
    }
    return cosines.result();
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

  /** A column is a neuron. */
  private void columns(Tensor x, Tensor y, double[][] dots, double[] squaresX, double[] squaresY) {
    double[] rowX = new double[squaresX.length];
    double[] rowY = new double[squaresX.length];
    for (long row = 0; row < x.rows(); row++) {
      x.readRow(row, rowX);
      y.readRow(row, rowY);
      for (int n = 0; n < rowX.length; n++) {
        squaresX[n] += rowX[n] * rowX[n];
        squaresY[n] += rowY[n] * rowY[n];
      }
      for (int draw = 0; draw < dots.length; draw++) {
        int[] partner = partners.get(draw);
        double[] dot = dots[draw];
        for (int n = 0; n < rowX.length; n++) {
          dot[n] += rowX[n] * rowY[partner[n]];
        }
      }
    }
  }

  /** A row is a neuron. */
  private void rows(Tensor x, Tensor y, double[][] dots, double[] squaresX, double[] squaresY) {
    double[] rowX = new double[Math.toIntExact(x.cols())];
    double[] rowY = new double[rowX.length];
    for (int n = 0; n < squaresX.length; n++) {
      x.readRow(n, rowX);
      squaresX[n] = dot(rowX, rowX);
      for (int draw = 0; draw < dots.length; draw++) {
        int partner = partners.get(draw)[n];
        y.readRow(partner, rowY);
        dots[draw][n] = dot(rowX, rowY);
        squaresY[partner] = dot(rowY, rowY);
      }
    }
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private Lineage.Cosines result() {
    if (neurons == 0) {
      return Lineage.Cosines.NONE;
    }
    double[] drawn = Arrays.stream(sums, 1, sums.length).map(sum -> sum / neurons).toArray();
    double mean = Arrays.stream(drawn).average().orElseThrow();
    double squares = Arrays.stream(drawn).map(value -> (value - mean) * (value - mean)).sum();
    return new Lineage.Cosines(sums[0] / neurons, mean, Math.sqrt(squares / (drawn.length - 1)));
  }
}
