package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The transformer's parts, selection and reductions against plain loops in double. */
@ExtendWith(TorchFixture.class)
class TorchOpsTest {
  private static final long SEED = 11;
  private static final double TOLERANCE = 2e-6;

  private static TorchTensor ids(Arena arena, long... values) {
    MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_LONG, values);
    return TorchTensor.wrap(data, ScalarType.INT64, values.length);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 13, 207, 768})
  void layerNorm(int n) {
    Random random = new Random(SEED + n);
    double eps = 1e-5;
    Matrix x = Matrix.random(5, n, random).map(v -> (float) (3 * v + 10));
    Matrix weight = Matrix.random(1, n, random);
    Matrix bias = Matrix.random(1, n, random);
    Matrix plain = Matrix.zeros(5, n);
    Matrix scaled = Matrix.zeros(5, n);
    for (int i = 0; i < 5; i++) {
      double mean = 0;
      double variance = 0;
      for (int j = 0; j < n; j++) {
        mean += x.at(i, j) / n;
      }
      for (int j = 0; j < n; j++) {
        variance += Math.pow(x.at(i, j) - mean, 2) / n;
      }
      for (int j = 0; j < n; j++) {
        double value = (x.at(i, j) - mean) / Math.sqrt(variance + eps);
        plain.set(i, j, value);
        scaled.set(i, j, value * weight.at(0, j) + bias.at(0, j));
      }
    }
    // A single element has no variance: what is left is rounding, divided by the root of eps.
    double tolerance = n == 1 ? 1e-2 : 1e-5;
    try (Guarded arena = new Guarded();
        TorchTensor tx = x.toFloat32(arena, n + 3);
        TorchTensor rowWeight = weight.toFloat32(arena);
        TorchTensor rowBias = bias.toFloat32(arena);
        TorchTensor tw = rowWeight.reshape(n);
        TorchTensor tb = rowBias.reshape(n);
        TorchTensor bare = TorchOps.layerNorm(tx, null, null, eps);
        TorchTensor full = TorchOps.layerNorm(tx, tw, tb, eps)) {
      plain.assertClose(bare, tolerance, "layer_norm");
      scaled.assertClose(full, tolerance, "layer_norm with weight and bias");
    }
  }

  /** One head: softmax(scale · q · kᵀ) · v, causal or not. */
  private static Matrix attention(Matrix q, Matrix k, Matrix v, boolean causal, double scale) {
    Matrix scores = q.times(k.transposed()).map(s -> s * scale);
    for (int i = 0; i < scores.rows(); i++) {
      double sum = 0;
      for (int j = 0; j < scores.columns(); j++) {
        double e = causal && j > i ? 0 : Math.exp(scores.at(i, j));
        scores.set(i, j, e);
        sum += e;
      }
      for (int j = 0; j < scores.columns(); j++) {
        scores.set(i, j, scores.at(i, j) / sum);
      }
    }
    return scores.times(v);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 33, 130})
  void attentionOfTwoHeads(int positions) {
    int dHead = 8;
    Random random = new Random(SEED + positions);
    Matrix qkv = Matrix.random(positions, 3 * 2 * dHead, random);
    for (boolean causal : new boolean[] {true, false}) {
      try (Guarded arena = new Guarded();
          TorchTensor all = qkv.toFloat32(arena)) {
        long row = 3L * 2 * dHead;
        long[] sizes = {1, 2, positions, dHead};
        long[] strides = {positions * row, dHead, row, 1};
        try (TorchTensor q = all.view(sizes, strides, 0);
            TorchTensor k = all.view(sizes, strides, 2 * dHead);
            TorchTensor v = all.view(sizes, strides, 4 * dHead);
            TorchTensor out = TorchOps.attention(q, k, v, null, causal, 0.25)) {
          for (int head = 0; head < 2; head++) {
            Matrix expected =
                attention(
                    columns(qkv, head * dHead, dHead),
                    columns(qkv, (2 + head) * dHead, dHead),
                    columns(qkv, (4 + head) * dHead, dHead),
                    causal,
                    0.25);
            try (TorchTensor one = out.slice(1, head, head + 1)) {
              expected.assertClose(one, 1e-5, "attention, causal " + causal);
            }
          }
        }
      }
    }
  }

  private static Matrix columns(Matrix x, int from, int count) {
    Matrix result = Matrix.zeros(x.rows(), count);
    for (int i = 0; i < x.rows(); i++) {
      for (int j = 0; j < count; j++) {
        result.set(i, j, x.at(i, from + j));
      }
    }
    return result;
  }

  @Test
  void attentionWithAMask() {
    Matrix q = Matrix.random(6, 4, new Random(SEED));
    Matrix mask = Matrix.zeros(6, 6);
    for (int i = 0; i < 6; i++) {
      for (int j = i + 1; j < 6; j++) {
        mask.set(i, j, Double.NEGATIVE_INFINITY);
      }
    }
    try (Arena arena = Arena.ofConfined();
        TorchTensor flat = q.toFloat32(arena);
        TorchTensor x = flat.reshape(1, 1, 6, 4);
        TorchTensor tm = mask.toFloat32(arena);
        TorchTensor out = TorchOps.attention(x, x, x, tm, false, 0.5)) {
      attention(q, q, q, true, 0.5).assertClose(out, TOLERANCE * 5, "attention with a mask");
    }
  }

  @Test
  void logSoftmax() {
    Matrix x = Matrix.random(4, 31, new Random(SEED)).map(v -> (float) (20 * v));
    Matrix logs = Matrix.zeros(4, 31);
    for (int i = 0; i < 4; i++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < 31; j++) {
        max = Math.max(max, x.at(i, j));
      }
      double sum = 0;
      for (int j = 0; j < 31; j++) {
        sum += Math.exp(x.at(i, j) - max);
      }
      for (int j = 0; j < 31; j++) {
        logs.set(i, j, x.at(i, j) - max - Math.log(sum));
      }
    }
    try (Arena arena = Arena.ofConfined();
        TorchTensor tx = x.toFloat32(arena);
        TorchTensor logSoft = TorchOps.logSoftmax(tx, 1);
        TorchTensor last = TorchOps.logSoftmax(tx, -1)) {
      logs.assertClose(logSoft, TOLERANCE, "log_softmax");
      logs.assertClose(last, TOLERANCE, "log_softmax of the last dimension");
    }
  }

  @Test
  void rowsByIndex() {
    Matrix table = Matrix.random(9, 5, new Random(SEED));
    try (Arena arena = Arena.ofConfined();
        TorchTensor tt = table.toFloat32(arena, 8);
        TorchTensor tokens = ids(arena, 8, 0, 3, 3);
        TorchTensor two = tokens.reshape(2, 2);
        TorchTensor embedded = TorchOps.embedding(tt, two);
        TorchTensor rows = TorchOps.indexSelect(tt, 0, tokens);
        TorchTensor last = ids(arena, 4);
        TorchTensor columns = TorchOps.indexSelect(tt, 1, last)) {
      assertArrayEquals(new long[] {2, 2, 5}, embedded.sizes());
      assertEquals(table.at(3, 4), Matrix.of(embedded).at(2, 4));
      assertEquals(table.at(0, 1), Matrix.of(rows).at(1, 1));
      assertEquals(table.at(7, 4), Matrix.of(columns).at(7, 0));
      try (TorchTensor bad = ids(arena, 9)) {
        NativeException failure =
            assertThrows(NativeException.class, () -> TorchOps.embedding(tt, bad));
        assertEquals("aten::embedding", failure.function());
        TorchFixture.assertText(failure, "index out of range");
      }
    }
  }

  @Test
  void gatherAndScatter() {
    Matrix x = Matrix.random(3, 4, new Random(SEED));
    try (Arena arena = Arena.ofConfined();
        TorchTensor tx = x.toFloat32(arena);
        TorchTensor flat = ids(arena, 2, 0, 0);
        TorchTensor index = flat.reshape(3, 1);
        TorchTensor picked = TorchOps.gather(tx, 1, index);
        TorchTensor classes = index.expand(3, 4);
        TorchTensor sums = TorchFixture.torch().zeros(ScalarType.FLOAT32, Device.CPU, 3, 4)) {
      new Matrix(3, 1, new double[] {x.at(0, 2), x.at(1, 0), x.at(2, 0)})
          .assertClose(picked, 0, "gather");
      TorchOps.scatterAddInPlace(sums, 0, classes, tx);
      Matrix found = Matrix.of(sums);
      assertEquals(x.at(1, 3) + x.at(2, 3), found.at(0, 3), 1e-6);
      assertEquals(0, found.at(1, 3));
      assertEquals(x.at(0, 3), found.at(2, 3));
    }
  }

  @Test
  void topKAndSort() {
    Matrix x = new Matrix(1, 6, new double[] {3, -1, 7, 7, 0, -9});
    try (TorchTensor tx = x.to(ScalarType.FLOAT32)) {
      assertPair(TorchOps.topK(tx, 3, 1, true, true), new double[] {7, 7, 3}, null, "largest");
      assertPair(
          TorchOps.topK(tx, 2, -1, false, true),
          new double[] {-9, -1},
          new double[] {5, 1},
          "smallest");
      assertPair(
          TorchOps.sort(tx, 1, true),
          new double[] {7, 7, 3, 0, -1, -9},
          new double[] {2, 3, 0, 4, 1, 5},
          "sort");
      assertThrows(NativeException.class, () -> TorchOps.topK(tx, 7, 1, true, true));
    }
  }

  private static void assertPair(
      TorchTensor[] pair, double[] values, double[] indices, String what) {
    try (TorchTensor first = pair[0];
        TorchTensor second = pair[1]) {
      assertArrayEquals(values, Matrix.of(first).values(), what);
      assertEquals(ScalarType.INT64, second.dtype());
      if (indices != null) {
        assertArrayEquals(indices, Matrix.of(second).values(), what);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 13, 207, 4098})
  void reductions(int n) {
    Matrix x = Matrix.random(n, 3, new Random(SEED + n));
    double[] sums = new double[3];
    double[] least = {9, 9, 9};
    double[] most = {-9, -9, -9};
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < 3; j++) {
        sums[j] += x.at(i, j);
        least[j] = Math.min(least[j], x.at(i, j));
        most[j] = Math.max(most[j], x.at(i, j));
      }
    }
    try (Guarded arena = new Guarded();
        TorchTensor tx = x.toFloat32(arena, 5);
        TorchTensor sum = TorchOps.sum(tx, false, 0);
        TorchTensor wide = TorchOps.sum(tx, ScalarType.FLOAT64, true, 0);
        TorchTensor min = TorchOps.amin(tx, false, 0);
        TorchTensor max = TorchOps.amax(tx, true, 0);
        TorchTensor all = TorchOps.sum(tx, false, 0, 1)) {
      new Matrix(1, 3, sums).assertClose(sum, 1e-7 * n, "sum");
      new Matrix(1, 3, sums).assertClose(wide, 1e-15 * n, "sum in float64");
      assertEquals(ScalarType.FLOAT64, wide.dtype());
      assertArrayEquals(new long[] {1, 3}, wide.sizes());
      new Matrix(1, 3, least).assertClose(min, 0, "amin");
      new Matrix(1, 3, most).assertClose(max, 0, "amax");
      assertEquals(Arrays.stream(sums).sum(), Matrix.of(all).at(0, 0), 1e-6 * n);
    }
  }

  @Test
  void cat() {
    Matrix x = Matrix.random(2, 3, new Random(SEED));
    try (Arena arena = Arena.ofConfined();
        TorchTensor a = x.toFloat32(arena);
        TorchTensor b = x.toFloat32(arena, 9);
        TorchTensor both = TorchOps.cat(0, a, b)) {
      assertArrayEquals(new long[] {4, 3}, both.sizes());
      assertEquals(x.at(1, 2), Matrix.of(both).at(3, 2));
      assertThrows(IllegalArgumentException.class, () -> TorchOps.cat(0));
    }
  }
}
