package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.kernels.scalar.ScalarMath;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every kind of kernels must agree on with the oracle in double: at odd sizes, on views in the
 * middle of larger tensors, by tolerances that grow with size. All memory ends at a page that
 * cannot be read.
 */
abstract class KernelsContract extends PredictionsContract {
  @ParameterizedTest
  @CsvSource({
    "1,1,1",
    "3,13,1",
    "13,1,7",
    "7,5,207",
    "64,128,384",
    "129,300,33",
    "65,702,31",
    "129,257,513"
  })
  void linearAgrees(int tokens, int in, int out) {
    for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      Tensor x = view(tokens, in);
      Tensor w = weight(dtype, in, out);
      Tensor b = weight(dtype, 1, out);
      Tensor y = view(tokens, out);
      Tensor expected = copy(y, DType.F64);
      kernels.linear(x, w, b, y);
      scalar.linear(x, w, b, expected);
      assertClose(expected, y, 2e-6 * Math.sqrt(in) * 4);
      kernels.addLinear(x, w, null, y);
      scalar.addLinear(x, w, null, expected);
      assertClose(expected, y, 2e-6 * Math.sqrt(in) * 8);
    }
  }

  @Test
  void linearReadsTransposedWeights() {
    Tensor x = view(37, 19);
    Tensor w = weight(DType.F16, 45, 19).transposed();
    Tensor y = view(37, 45);
    Tensor expected = copy(y, DType.F64);
    kernels.linear(x, w, null, y);
    scalar.linear(x, w, null, expected);
    assertClose(expected, y, 3e-5);
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void activationsAgree(Activation f) {
    int n = 4099;
    Tensor x = Tensor.allocate(arena, DType.F32, n, 1);
    for (int i = 0; i < n; i++) {
      x.set(i, 0, (i - n / 2) * 0.01);
    }
    Tensor one = random(DType.F32, 1, 1);
    one.set(0, 0, 1);
    Tensor preOn = kernels.allocate(arena, DType.F32, n, 1);
    Tensor postOn = kernels.allocate(arena, DType.F32, n, 1);
    kernels.linearActivate(on(x), on(one), null, f, preOn, postOn);
    Tensor pre = host(preOn);
    Tensor post = host(postOn);
    for (int i = 0; i < n; i++) {
      double value = x.get(i, 0);
      assertEquals(value, pre.get(i, 0), 0);
      double expected = ScalarMath.activate(f, value);
      double size = Math.max(1, Math.max(Math.abs(value), Math.abs(expected)));
      assertEquals(expected, post.get(i, 0), 4e-7 * size, "at " + value);
    }
  }

  @Test
  void errorFunctionOfTheOracleMatchesKnownValues() {
    // Abramowitz and Stegun, table 7.1
    assertEquals(0.5204998778130465, ScalarMath.erf(0.5), 1e-15);
    assertEquals(0.8427007929497149, ScalarMath.erf(1), 1e-15);
    assertEquals(0.9953222650189527, ScalarMath.erf(2), 1e-15);
    assertEquals(-0.9999779095030014, ScalarMath.erf(-3), 1e-15);
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1,1",
    "2,5,2,4",
    "1,33,3,7",
    "2,70,2,32",
    "1,300,1,64",
    "1,530,2,20",
    "1,21,2,520",
    "2,9,1,1100"
  })
  void attentionAgrees(int rows, int context, int heads, int dHead) {
    for (HeadLayout layout : layouts(heads, dHead)) {
      AttentionShape shape = shape(context, heads, dHead, layout);
      Tensor qkv = view(rows * context, 3 * heads * dHead);
      Tensor z = view(rows * context, heads * dHead);
      Tensor expected = copy(z, DType.F64);
      kernels.attention(qkv, shape, z);
      scalar.attention(qkv, shape, expected);
      assertClose(expected, z, 3e-6);
    }
  }

  private static AttentionShape shape(int context, int heads, int dHead, HeadLayout layout) {
    return new AttentionShape(context, heads, dHead, 1 / Math.sqrt(dHead), layout);
  }

  private static List<HeadLayout> layouts(int heads, int dHead) {
    return List.of(HeadLayout.partByPart(heads, dHead), HeadLayout.headByHead(dHead));
  }

  @Test
  void layoutsOnlySayWhereHeadsLie() {
    int heads = 3;
    int dHead = 5;
    Tensor byPart = random(DType.F32, 4, 45);
    Tensor byHead = Tensor.allocate(arena, DType.F32, 4, 45);
    for (int t = 0; t < 4; t++) {
      for (int h = 0; h < heads; h++) {
        for (int part = 0; part < 3; part++) {
          for (int e = 0; e < dHead; e++) {
            byHead.set(t, 15 * h + 5 * part + e, byPart.get(t, 15 * part + 5 * h + e));
          }
        }
      }
    }
    Tensor one = kernels.allocate(arena, DType.F32, 4, 15);
    Tensor two = kernels.allocate(arena, DType.F32, 4, 15);
    kernels.attention(on(byPart), shape(4, 3, 5, HeadLayout.partByPart(3, 5)), one);
    kernels.attention(on(byHead), shape(4, 3, 5, HeadLayout.headByHead(5)), two);
    assertClose(copy(one, DType.F64), two, 1e-6);
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,2,1", "2,5,2,8,2", "1,33,3,7,3", "2,70,2,32,16", "3,130,1,64,8"})
  void rotateAgrees(int rows, int context, int heads, int dHead, int pairs) {
    for (HeadLayout layout : layouts(heads, dHead)) {
      AttentionShape shape = shape(context, heads, dHead, layout);
      Tensor qkv = view(rows * context, 3 * heads * dHead);
      Tensor cos = random(DType.F32, context + 2, pairs);
      Tensor sin = random(DType.F32, context + 2, pairs);
      Tensor expected = copy(qkv, DType.F64);
      kernels.rotate(qkv, shape, on(cos), on(sin));
      scalar.rotate(expected, shape, cos, sin);
      assertClose(expected, qkv, 1e-6);
    }
  }

  /** A turn keeps lengths, leaves values and the other dimensions alone, and is none at 0. */
  @Test
  void rotateTurnsPairsOfQueriesAndKeys() {
    Tensor qkv = Tensor.allocate(arena, DType.F64, 3, 18); // one row, one head of 6 dimensions
    qkv.fill(1);
    Tensor cos = Tensor.allocate(arena, DType.F64, 3, 2);
    Tensor sin = Tensor.allocate(arena, DType.F64, 3, 2);
    for (int p = 0; p < 3; p++) {
      for (int i = 0; i < 2; i++) {
        cos.set(p, i, Math.cos(p * Math.PI / (2 + 2 * i)));
        sin.set(p, i, Math.sin(p * Math.PI / (2 + 2 * i)));
      }
    }
    scalar.rotate(qkv, shape(3, 1, 6, HeadLayout.headByHead(6)), cos, sin);
    double root = Math.sqrt(2);
    double[][] head = {{1, 1, 1, 1, 1, 1}, {-1, 0, 1, root, 1, 1}, {-1, -1, -1, 1, 1, 1}};
    for (int p = 0; p < 3; p++) {
      for (int j = 0; j < 12; j++) {
        assertEquals(head[p][j % 6], qkv.get(p, j), 1e-15, "[" + p + ", " + j + "]");
      }
      for (int j = 12; j < 18; j++) {
        assertEquals(1, qkv.get(p, j), 0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 13, 207, 702})
  void layerNormAgrees(int d) {
    Tensor x = view(21, d);
    Tensor gain = weight(DType.F16, 1, d);
    Tensor bias = weight(DType.F16, 1, d);
    Tensor y = view(21, d);
    Tensor expected = copy(y, DType.F64);
    kernels.layerNorm(x, gain, bias, 1e-5, y);
    scalar.layerNorm(x, gain, bias, 1e-5, expected);
    assertClose(expected, y, 2e-5);
  }

  @Test
  void embedAgreesAndRefusesForeignIds() {
    Tensor ids = Tensor.allocate(arena, DType.I32, 12, 1);
    for (int t = 0; t < 12; t++) {
      ids.set(t, 0, random.nextInt(9));
    }
    Tensor wE = weight(DType.F16, 9, 21);
    Tensor wPos = weight(DType.BF16, 5, 21);
    Tensor x = view(12, 21);
    Tensor expected = copy(x, DType.F64);
    kernels.embed(on(ids), 4, wE, wPos, x);
    scalar.embed(ids, 4, wE, wPos, expected);
    assertClose(expected, x, 1e-6);
    kernels.embed(on(ids), 4, wE, null, x);
    scalar.embed(ids, 4, wE, null, expected);
    assertClose(expected, x, 0);
    if (!x.onHost()) {
      return; // ids on a device were checked when their table was made
    }
    ids.set(3, 0, 9);
    var e = assertThrows(IllegalArgumentException.class, () -> kernels.embed(ids, 4, wE, wPos, x));
    assertEquals("token id 9 at 3 with a vocabulary of 9", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "F64,1,1,1",
    "F64,3,1,13",
    "F64,13,207,3",
    "F64,300,40,33",
    "F64,520,129,530",
    "F64,9,702,65",
    "F32,1,1,1",
    "F32,3,1,13",
    "F32,300,40,33",
    "F32,520,129,530",
    "F32,9,702,65"
  })
  void crossProductsAgree(DType sumType, int tokens, int na, int nb) {
    Tensor a = view(tokens, na);
    Tensor b = view(tokens, nb);
    Tensor sum = on(random(sumType, na, nb));
    Tensor expected = copy(sum, DType.F64);
    kernels.crossProducts(a, b, sum);
    scalar.crossProducts(a, b, expected);
    assertClose(expected, sum, 4e-6 * Math.sqrt(tokens));
    Tensor squareOn = kernels.allocate(arena, sumType, na, na);
    Tensor expectedSquare = Tensor.allocate(arena, DType.F64, na, na);
    kernels.gram(a, squareOn);
    Tensor square = host(squareOn);
    scalar.gram(a, expectedSquare);
    for (int i = 0; i < na; i++) {
      for (int j = i; j < na; j++) {
        double e = expectedSquare.get(i, j);
        double tolerance = Math.max(1.2e-5 * Math.sqrt(tokens), 2e-6 * Math.abs(e));
        assertEquals(e, square.get(i, j), tolerance);
      }
    }
  }

  /** What is not finite shows in least and greatest, unless its token is not kept. */
  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void powerSumsShowWhatIsNotFinite(double value) {
    int n = 300;
    Tensor x = random(DType.F32, 9, n);
    x.set(4, 1, value);
    x.set(6, 290, value);
    Tensor keep = Tensor.allocate(arena, DType.U8, 9, 1);
    keep.fill(1);
    keep.set(4, 0, 0);
    Tensor scale = Tensor.allocate(arena, DType.F32, 1, n);
    scale.fill(1);
    Tensor sums = on(emptySums(n));
    Tensor mean = on(Tensor.allocate(arena, DType.F32, 1, n));
    kernels.powerSums(on(x), on(keep), mean, on(scale), sums);
    sums = host(sums);
    for (int j = 0; j < n; j++) {
      boolean finite = Double.isFinite(sums.get(4, j)) && Double.isFinite(sums.get(5, j));
      assertEquals(j != 290, finite, "column " + j);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 255, 256, 257, 702})
  void powerSumsAndStandardizeAgree(int n) {
    int tokens = 37;
    Tensor x = view(tokens, n);
    Tensor keep = Tensor.allocate(arena, DType.U8, tokens, 1);
    for (int t = 0; t < tokens; t++) {
      keep.set(t, 0, t % 5 == 2 ? 0 : 1);
    }
    Tensor mean = on(random(DType.F32, 1, n));
    Tensor scale = on(random(DType.F32, 1, n));
    Tensor sums = on(emptySums(n));
    Tensor expected = emptySums(n);
    kernels.powerSums(x, on(keep), mean, scale, sums);
    scalar.powerSums(x, keep, mean, scale, expected);
    sums = host(sums);
    for (int j = 0; j < n; j++) {
      assertEquals(expected.get(4, j), sums.get(4, j), 0);
      assertEquals(expected.get(5, j), sums.get(5, j), 0);
      double reach = (Math.abs(expected.get(4, j)) + Math.abs(expected.get(5, j)) + 3) * 3;
      for (int p = 0; p < 4; p++) {
        double tolerance = 1e-6 * tokens * Math.max(1, Math.pow(reach * 0.2, p + 1));
        assertEquals(expected.get(p, j), sums.get(p, j), tolerance, "power " + (p + 1));
      }
    }
    Tensor z = copy(x, DType.F64);
    kernels.standardize(x, on(keep), mean, scale);
    scalar.standardize(z, keep, mean, scale);
    assertClose(z, x, 2e-6);
  }

  @ParameterizedTest
  @CsvSource({"F64,37,53", "F64,64,128", "F64,201,67", "F32,37,53", "F32,201,67", "F32,1100,70"})
  void correlationsAgree(DType sumType, int na, int nb) {
    Tensor sum = on(random(sumType, na, nb));
    Kernels.Columns a = columns(na, -1);
    Kernels.Columns b = columns(nb, 7);
    Tensor r = view(na, nb);
    Tensor expected = copy(r, DType.F64);
    kernels.correlations(sum, 11, a, b, r);
    scalar.correlations(sum, 11, a, b, expected);
    assertClose(expected, r, 1e-6);
    assertTrue(Double.isNaN(host(r).get(0, 7)));
    assertThrows(
        IllegalArgumentException.class,
        () -> kernels.correlations(sum.transposed(), 11, b, a, view(nb, na)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 207})
  void firingIsOneWhereAKeptTokenIsAboveZero(int n) {
    Tensor x = view(41, n);
    Tensor keep = Tensor.allocate(arena, DType.U8, 41, 1);
    for (int t = 0; t < 41; t++) {
      keep.set(t, 0, t % 3 == 1 ? 0 : 1);
    }
    Tensor expected = copy(x, DType.F64);
    kernels.firing(x, on(keep));
    scalar.firing(expected, keep);
    assertClose(expected, x, 0);
  }

  @Test
  void rowsAreGatheredFromAnyPlace() {
    Tensor x = view(29, 45);
    Tensor rows = Tensor.allocate(arena, DType.I32, 61, 1);
    for (int i = 0; i < 61; i++) {
      rows.set(i, 0, random.nextInt(29));
    }
    Tensor expected = Tensor.allocate(arena, DType.F64, 61, 45);
    Tensor from = copy(x, DType.F64);
    Tensor out = view(61, 45);
    kernels.gatherRows(x, on(rows), out);
    scalar.gatherRows(from, rows, expected);
    assertClose(expected, out, 0);
  }

  @Test
  void columnsAreGatheredAsRowsOfWhatIsTurned() {
    Tensor x = view(70, 45);
    Tensor columns = Tensor.allocate(arena, DType.I32, 13, 1);
    for (int i = 0; i < 13; i++) {
      columns.set(i, 0, random.nextInt(45));
    }
    Tensor from = copy(x, DType.F64);
    Tensor out = view(13, 70);
    kernels.gatherRows(x.transposed(), on(columns), out);
    Tensor found = host(out);
    for (int i = 0; i < 13; i++) {
      for (int t = 0; t < 70; t++) {
        assertEquals(from.get(t, (long) columns.get(i, 0)), found.get(i, t), 0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F64"})
  void overlapsAgree(DType sumType) {
    Tensor sum = Tensor.allocate(arena, sumType, 23, 31);
    Tensor countA = Tensor.allocate(arena, DType.F64, 1, 23);
    Tensor countB = Tensor.allocate(arena, DType.F64, 1, 31);
    for (int i = 0; i < 23; i++) {
      countA.set(0, i, i == 4 ? 0 : 40 + i);
      for (int j = 0; j < 31; j++) {
        countB.set(0, j, j == 9 ? 0 : 50 + j);
        sum.set(i, j, i == 4 || j == 9 ? 0 : random.nextInt(40));
      }
    }
    Tensor r = view(23, 31);
    Tensor expected = copy(r, DType.F64);
    kernels.overlaps(on(sum), on(countA), on(countB), r);
    scalar.overlaps(sum, countA, countB, expected);
    assertClose(expected, r, 1e-7);
    assertTrue(Double.isNaN(host(r).get(4, 9)));
  }

  @Test
  void histogramsAndRowSumsAgree() {
    Tensor whole = random(DType.F32, 47, 76);
    whole.set(1, 3, 1);
    whole.set(1, 4, -1);
    whole.set(1, 5, Double.NaN);
    Tensor x = on(whole).rows(1, 46).columns(3, 74);
    Tensor counts = kernels.allocate(arena, DType.I64, 1, 100);
    Tensor expected = Tensor.allocate(arena, DType.I64, 1, 100);
    kernels.histogram(x, -1, 1, counts);
    scalar.histogram(x, -1, 1, expected);
    assertClose(expected, counts, 0);
    Tensor sums = kernels.allocate(arena, DType.F64, 45, 5);
    Tensor expectedSums = Tensor.allocate(arena, DType.F64, 45, 5);
    kernels.rowPowerSums(x, sums);
    scalar.rowPowerSums(x, expectedSums);
    assertClose(expectedSums, sums, 1e-9);
  }

  /** Values on edges, outside, infinite and missing; by counting, which no rounding excuses. */
  @ParameterizedTest
  @CsvSource({"1,1", "50,30", "9,200"})
  void columnHistogramsAgree(int T, int n) {
    Tensor whole = random(DType.F32, T + 2, n + 5);
    for (int t = 0; t < T; t++) {
      whole.set(t + 1, 3 + random.nextInt(n), random.nextInt(9) / 2.0 - 2);
      whole.set(t + 1, 3 + random.nextInt(n), random.nextBoolean() ? Double.NaN : 1e30);
      whole.set(t + 1, 3 + random.nextInt(n), Double.NEGATIVE_INFINITY);
    }
    Tensor x = whole.rows(1, T + 1).columns(3, n + 3);
    Tensor expected = Tensor.allocate(arena, DType.I64, n, 10);
    expected.fill(2);
    Tensor counts = on(copy(expected, DType.I64));
    kernels.columnHistograms(on(whole).rows(1, T + 1).columns(3, n + 3), -2, 1.5, counts);
    double[] edges = {-2, -1.5625, -1.125, -0.6875, -0.25, 0.1875, 0.625, 1.0625, 1.5};
    for (int t = 0; t < T; t++) {
      for (int j = 0; j < n; j++) {
        double value = x.get(t, j);
        int bin = 0;
        while (bin < edges.length && value >= edges[bin]) {
          bin++;
        }
        if (!Double.isNaN(value)) {
          expected.set(j, bin, expected.get(j, bin) + 1);
        }
      }
    }
    assertClose(expected, counts, 0);
  }

  @Test
  void wrongShapesAreRefused() {
    Tensor x = view(4, 5);
    assertThrows(
        IllegalArgumentException.class, () -> kernels.linear(x, view(6, 2), null, view(4, 2)));
    assertThrows(
        IllegalArgumentException.class, () -> kernels.crossProducts(x, view(3, 2), view(5, 2)));
    assertThrows(
        IllegalArgumentException.class,
        () -> kernels.layerNorm(x, view(1, 5), view(1, 5), 1, view(5, 4)));
  }
}
