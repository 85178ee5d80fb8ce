package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What interventions need of kernels: predictions, and a LayerNorm whose scale is given. */
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
      kernels.predictions(logits, on(targets), w, out);
      scalar.predictions(logits, targets, weights, expected);
      assertClose(expected.columns(0, 2), out.columns(0, 2), 3e-6);
      assertClose(expected.columns(3, 4), out.columns(3, 4), 3e-6);
      for (int t = 0; t < tokens; t++) {
        assertEquals(expected.get(t, 2), host(out).get(t, 2), 0, "rank");
        assertEquals(t % 5 == 3, Double.isNaN(host(out).get(t, 0)));
      }
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
    kernels.predictions(on(logits), on(targets), on(weights), there);
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
          () -> kernels.predictions(logits, targets, weights, there));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 13, 207, 702})
  void scalesAgreeAndAreWhatLayerNormDividesBy(int d) {
    Tensor x = view(21, d);
    Tensor gain = weight(DType.F16, 1, d);
    Tensor bias = weight(DType.F16, 1, d);
    Tensor scale = kernels.allocate(arena, DType.F64, 21, 1);
    Tensor expectedScale = Tensor.allocate(arena, DType.F64, 21, 1);
    kernels.layerNormScale(x, 1e-5, scale);
    scalar.layerNormScale(x, 1e-5, expectedScale);
    assertClose(expectedScale, scale, 2e-6);
    Tensor own = kernels.allocate(arena, DType.F32, 21, d);
    Tensor given = kernels.allocate(arena, DType.F32, 21, d);
    kernels.layerNorm(x, gain, bias, 1e-5, own);
    kernels.scaledNorm(x, scale, gain, bias, given);
    assertClose(copy(own, DType.F64), given, x.onHost() ? 0 : 1e-5);
    Tensor other = random(DType.F64, 21, 1);
    for (int t = 0; t < 21; t++) {
      other.set(t, 0, 0.5 + Math.abs(other.get(t, 0)));
    }
    Tensor expected = Tensor.allocate(arena, DType.F64, 21, d);
    kernels.scaledNorm(x, on(other), gain, bias, given);
    scalar.scaledNorm(x, other, gain, bias, expected);
    assertClose(expected, given, 1e-5);
    assertTrue(
        d == 1 || Math.abs(expected.get(0, 0) - host(own).get(0, 0)) > 1e-6, "another scale");
  }
}
