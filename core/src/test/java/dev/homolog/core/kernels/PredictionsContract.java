package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What interventions need of kernels: predictions, and what a LayerNorm divides by. */
abstract class PredictionsContract extends ClassSumsContract {

  @ParameterizedTest
  @CsvSource({"1,1,1", "5,3,1", "9,13,30", "21,207,5", "3,4098,200"})
  void predictionsAgree(int tokens, int vocabulary, double spread) {
    Tensor whole = random(DType.F32, tokens + 2, vocabulary + 5);
    for (int t = 0; t < tokens + 2; t++) {
      for (int v = 0; v < vocabulary + 5; v++) {
        // a coarse grid makes ties
        whole.set(t, v, Math.round(whole.get(t, v) * 16) / 16.0 * spread + 100);
      }
    }
    Tensor logits = on(whole).rows(1, tokens + 1).columns(3, vocabulary + 3);
    Tensor targets = Tensor.allocate(arena, DType.I32, tokens, 1);
    for (int t = 0; t < tokens; t++) {
      targets.set(t, 0, t % 5 == 3 ? -1 : random.nextInt(vocabulary));
    }
    for (Tensor weights : new Tensor[] {random(DType.F64, 1, vocabulary), null}) {
      Tensor out = kernels.allocate(arena, DType.F64, tokens, 4);
      Tensor expected = Tensor.allocate(arena, DType.F64, tokens, 4);
      Tensor w = weights == null ? null : on(weights);
      kernels.predictions(logits, LogitAdjustment.NONE, on(targets), w, out);
      scalar.predictions(logits, LogitAdjustment.NONE, targets, weights, expected);
      assertClose(expected.columns(0, 2), out.columns(0, 2), 3e-6);
      assertClose(expected.columns(3, 4), out.columns(3, 4), 3e-6);
      for (int t = 0; t < tokens; t++) {
        assertEquals(expected.get(t, 2), host(out).get(t, 2), 0, "rank");
        assertEquals(t % 5 == 3, Double.isNaN(host(out).get(t, 0)));
      }
    }
  }

  /**
   * Logits that are adjusted as they are read are those of a matrix in which they have been; rows
   * with nothing to adjust keep their bits, and the logits stay as they are.
   */
  @ParameterizedTest
  @CsvSource({"1,1", "5,3", "9,13", "21,207", "3,1025"})
  void adjustedPredictionsAgree(int tokens, int vocabulary) {
    Tensor logits = view(tokens, vocabulary);
    double[] before = host(logits).toArray();
    Tensor scale = random(DType.F64, tokens, 1);
    Tensor along = random(DType.F64, tokens, 1);
    Tensor direction = random(DType.F32, 1, vocabulary);
    Tensor weights = random(DType.F64, 1, vocabulary);
    Tensor targets = Tensor.allocate(arena, DType.I32, tokens, 1);
    for (int t = 0; t < tokens; t++) {
      targets.set(t, 0, t % 5 == 3 ? -1 : random.nextInt(vocabulary));
      scale.set(t, 0, t % 3 == 1 ? 1 : 3 * scale.get(t, 0));
      along.set(t, 0, t % 3 == 1 ? 0 : 5 * along.get(t, 0));
    }
    Tensor plain = kernels.allocate(arena, DType.F64, tokens, 4);
    kernels.predictions(logits, LogitAdjustment.NONE, on(targets), on(weights), plain);
    for (int parts = 1; parts < 4; parts++) {
      boolean scaled = (parts & 1) != 0;
      boolean moved = (parts & 2) != 0;
      Tensor made = Tensor.allocate(arena, DType.F64, tokens, vocabulary);
      for (int t = 0; t < tokens; t++) {
        for (int v = 0; v < vocabulary; v++) {
          double x = before[t * vocabulary + v] * (scaled ? scale.get(t, 0) : 1);
          made.set(t, v, x + (moved ? along.get(t, 0) * direction.get(0, v) : 0));
        }
      }
      Tensor expected = Tensor.allocate(arena, DType.F64, tokens, 4);
      scalar.predictions(made, LogitAdjustment.NONE, targets, weights, expected);
      var adjustment =
          new LogitAdjustment(
              scaled ? on(scale) : null, moved ? on(along) : null, moved ? on(direction) : null);
      Tensor out = kernels.allocate(arena, DType.F64, tokens, 4);
      kernels.predictions(logits, adjustment, on(targets), on(weights), out);
      assertClose(expected, out, 3e-6);
      Tensor byOracle = Tensor.allocate(arena, DType.F64, tokens, 4);
      Tensor onHost = host(logits);
      var same =
          new LogitAdjustment(
              scaled ? scale : null, moved ? along : null, moved ? direction : null);
      scalar.predictions(onHost, same, targets, weights, byOracle);
      assertClose(expected, byOracle, 1e-12);
      for (int t = 1; t < tokens; t += 3) {
        for (int i = 0; i < 4; i++) {
          assertEquals(host(plain).get(t, i), host(out).get(t, i), 0, "nothing to adjust");
        }
      }
    }
    assertArrayEquals(before, host(logits).toArray(), 0);
  }

  @Test
  void adjustmentsOfAnotherShapeAreRefused() {
    Tensor logits = view(3, 4);
    Tensor targets = on(Tensor.allocate(arena, DType.I32, 3, 1));
    Tensor out = kernels.allocate(arena, DType.F64, 3, 4);
    Tensor rows = on(random(DType.F64, 3, 1));
    Tensor fewer = on(random(DType.F64, 2, 1));
    Tensor narrow = on(random(DType.F32, 1, 3));
    assertThrows(IllegalArgumentException.class, () -> new LogitAdjustment(null, rows, null));
    for (LogitAdjustment wrong :
        List.of(
            new LogitAdjustment(fewer, null, null),
            new LogitAdjustment(null, fewer, on(random(DType.F32, 1, 4))),
            new LogitAdjustment(null, rows, narrow),
            new LogitAdjustment(null, rows, on(random(DType.F64, 1, 4))),
            new LogitAdjustment(on(random(DType.F32, 3, 1)), null, null))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> kernels.predictions(logits, wrong, targets, null, out));
    }
  }

  /** By hand: nothing known, one of two, and a certainty. */
  @Test
  void predictionsOfKnownDistributions() {
    Tensor logits = Tensor.allocate(arena, DType.F32, 3, 4);
    double[][] rows = {{7, 7, 7, 7}, {Math.log(3), 0, -300, -300}, {0, 500, 0, 0}};
    for (int t = 0; t < 3; t++) {
      logits.writeRow(t, rows[t]);
    }
    Tensor targets = Tensor.allocate(arena, DType.I32, 3, 1);
    targets.writeRow(0, new double[] {2});
    targets.writeRow(1, new double[] {1});
    targets.writeRow(2, new double[] {0});
    Tensor weights = Tensor.allocate(arena, DType.F64, 1, 4);
    weights.writeRow(0, new double[] {1, 10, 100, 1000});
    Tensor there = kernels.allocate(arena, DType.F64, 3, 4);
    kernels.predictions(on(logits), LogitAdjustment.NONE, on(targets), on(weights), there);
    Tensor out = host(there);
    double half = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
    double[][] expected = {
      {Math.log(4), Math.log(4), 0, 277.75}, {Math.log(4), half, 1, 3.25}, {500, 0, 1, 10}
    };
    for (int t = 0; t < 3; t++) {
      for (int i = 0; i < 4; i++) {
        double tolerance = 1e-6 * Math.max(1, expected[t][i]);
        assertEquals(expected[t][i], out.get(t, i), tolerance, "[" + t + ", " + i + "]");
      }
    }
    targets.set(0, 0, 4);
    if (out == there) {
      assertThrows(
          IllegalArgumentException.class,
          () -> kernels.predictions(logits, LogitAdjustment.NONE, targets, weights, there));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 13, 207, 702})
  void scalesAgreeAndAreWhatLayerNormDividesBy(int d) {
    Tensor x = view(21, d);
    Tensor scale = kernels.allocate(arena, DType.F64, 21, 1);
    Tensor expectedScale = Tensor.allocate(arena, DType.F64, 21, 1);
    kernels.layerNormScale(x, 1e-5, scale);
    scalar.layerNormScale(x, 1e-5, expectedScale);
    assertClose(expectedScale, scale, 2e-6);
    // A LayerNorm without gain and bias is what it divides, over what it divides by.
    Tensor one = Tensor.allocate(arena, DType.F32, 1, d);
    one.fill(1);
    Tensor zero = Tensor.allocate(arena, DType.F32, 1, d);
    Tensor normal = kernels.allocate(arena, DType.F32, 21, d);
    kernels.layerNorm(x, on(one), on(zero), 1e-5, normal);
    Tensor given = host(x);
    Tensor expected = Tensor.allocate(arena, DType.F64, 21, d);
    for (int t = 0; t < 21; t++) {
      double mean = 0;
      for (int i = 0; i < d; i++) {
        mean += given.get(t, i) / d;
      }
      for (int i = 0; i < d; i++) {
        expected.set(t, i, (given.get(t, i) - mean) / expectedScale.get(t, 0));
      }
    }
    assertClose(expected, normal, 1e-5);
  }
}
