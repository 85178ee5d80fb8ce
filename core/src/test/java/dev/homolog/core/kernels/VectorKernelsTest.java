package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.checkpoint.Activation;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The vector kernels against the oracle in double, at odd sizes, on views, with one thread and with
 * several.
 */
@Tag("kernels")
class VectorKernelsTest {
  private static final long SEED = 20261123;

  private final Random random = new Random(SEED);
  private final ScalarKernels scalar = new ScalarKernels();
  private final VectorKernels vector = new VectorKernels(3);
  private Arena arena;

  @BeforeEach
  void open() {
    arena = Arena.ofShared();
  }

  @AfterEach
  void close() {
    vector.close();
    arena.close();
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1",
    "3,13,1",
    "13,1,7",
    "7,5,207",
    "64,128,384",
    "129,300,33",
    "65,702,31",
    "200,257,513"
  })
  void linearAgrees(int tokens, int in, int out) {
    for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      Tensor x = view(tokens, in);
      Tensor w = random(dtype, in, out);
      Tensor b = random(dtype, 1, out);
      Tensor y = view(tokens, out);
      Tensor expected = copy(y, DType.F64);
      vector.linear(x, w, b, y);
      scalar.linear(x, w, b, expected);
      assertClose(expected, y, 2e-6 * Math.sqrt(in) * 4);
      vector.addLinear(x, w, null, y);
      scalar.addLinear(x, w, null, expected);
      assertClose(expected, y, 2e-6 * Math.sqrt(in) * 8);
    }
  }

  @Test
  void linearReadsTransposedWeights() {
    Tensor x = view(37, 19);
    Tensor w = random(DType.F16, 45, 19).transposed();
    Tensor y = view(37, 45);
    Tensor expected = copy(y, DType.F64);
    vector.linear(x, w, null, y);
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
    Tensor pre = Tensor.allocate(arena, DType.F32, n, 1);
    Tensor post = Tensor.allocate(arena, DType.F32, n, 1);
    vector.linearActivate(x, one, null, f, pre, post);
    for (int i = 0; i < n; i++) {
      double value = x.get(i, 0);
      assertEquals(value, pre.get(i, 0), 0);
      double expected = ScalarMath.activate(f, value);
      assertEquals(expected, post.get(i, 0), 4e-7 * Math.max(1, Math.abs(value)), "at " + value);
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
  @CsvSource({"1,1,1,1", "2,5,2,4", "1,33,3,7", "2,70,2,32", "1,300,1,64", "1,530,2,20"})
  void attentionAgrees(int rows, int context, int heads, int dHead) {
    AttentionShape shape = new AttentionShape(context, heads, dHead, 1 / Math.sqrt(dHead));
    Tensor qkv = view(rows * context, 3 * heads * dHead);
    Tensor z = view(rows * context, heads * dHead);
    Tensor expected = copy(z, DType.F64);
    vector.attention(qkv, shape, z);
    scalar.attention(qkv, shape, expected);
    assertClose(expected, z, 3e-6);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 13, 207, 702})
  void layerNormAgrees(int d) {
    Tensor x = view(21, d);
    Tensor gain = random(DType.F16, 1, d);
    Tensor bias = random(DType.F16, 1, d);
    Tensor y = view(21, d);
    Tensor expected = copy(y, DType.F64);
    vector.layerNorm(x, gain, bias, 1e-5, y);
    scalar.layerNorm(x, gain, bias, 1e-5, expected);
    assertClose(expected, y, 2e-5);
  }

  @Test
  void embedAgreesAndRefusesForeignIds() {
    Tensor ids = Tensor.allocate(arena, DType.I32, 12, 1);
    for (int t = 0; t < 12; t++) {
      ids.set(t, 0, random.nextInt(9));
    }
    Tensor wE = random(DType.F16, 9, 21);
    Tensor wPos = random(DType.BF16, 5, 21);
    Tensor x = view(12, 21);
    Tensor expected = copy(x, DType.F64);
    vector.embed(ids, 4, wE, wPos, x);
    scalar.embed(ids, 4, wE, wPos, expected);
    assertClose(expected, x, 1e-6);
    ids.set(3, 0, 9);
    var e = assertThrows(IllegalArgumentException.class, () -> vector.embed(ids, 4, wE, wPos, x));
    assertEquals("token id 9 at 3 with a vocabulary of 9", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "3,1,13", "13,207,3", "300,40,33", "520,129,530", "9,702,65"})
  void crossProductsAgree(int tokens, int na, int nb) {
    Tensor a = view(tokens, na);
    Tensor b = view(tokens, nb);
    Tensor sum = random(DType.F64, na, nb);
    Tensor expected = copy(sum, DType.F64);
    vector.crossProducts(a, b, sum);
    scalar.crossProducts(a, b, expected);
    assertClose(expected, sum, 4e-6 * Math.sqrt(tokens));
    Tensor square = Tensor.allocate(arena, DType.F64, na, na);
    Tensor expectedSquare = Tensor.allocate(arena, DType.F64, na, na);
    vector.gram(a, square);
    scalar.gram(a, expectedSquare);
    for (int i = 0; i < na; i++) {
      for (int j = i; j < na; j++) {
        assertEquals(expectedSquare.get(i, j), square.get(i, j), 4e-6 * Math.sqrt(tokens) * 3);
      }
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
    Tensor mean = random(DType.F32, 1, n);
    Tensor scale = random(DType.F32, 1, n);
    Tensor sums = emptySums(n);
    Tensor expected = emptySums(n);
    vector.powerSums(x, keep, mean, scale, sums);
    scalar.powerSums(x, keep, mean, scale, expected);
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
    vector.standardize(x, keep, mean, scale);
    scalar.standardize(z, keep, mean, scale);
    assertClose(z, x, 2e-6);
  }

  @Test
  void correlationsAgreeInBothDirections() {
    int na = 37;
    int nb = 53;
    Tensor sum = random(DType.F64, na, nb);
    Kernels.Columns a = columns(na);
    Kernels.Columns b = columns(nb);
    b.inverse().set(0, 7, Double.NaN);
    for (boolean back : new boolean[] {false, true}) {
      Tensor r = view(back ? nb : na, back ? na : nb);
      Tensor expected = copy(r, DType.F64);
      Tensor s = back ? sum.transposed() : sum;
      vector.correlations(s, 11, back ? b : a, back ? a : b, r);
      scalar.correlations(s, 11, back ? b : a, back ? a : b, expected);
      assertClose(expected, r, 1e-6);
      assertTrue(Double.isNaN(back ? r.get(7, 0) : r.get(0, 7)));
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "5,9", "207,50", "4098,50", "33,33"})
  void topKAgreesWithTiesAndNaN(int n, int k) {
    Tensor x = view(19, n);
    for (int i = 0; i < 19; i++) {
      for (int j = 0; j < n; j++) {
        // a coarse grid makes ties
        x.set(i, j, random.nextInt(10) == 0 ? Double.NaN : Math.round(x.get(i, j) * 8) / 8.0);
      }
    }
    for (boolean greatest : new boolean[] {true, false}) {
      Tensor values = Tensor.allocate(arena, DType.F32, 19, k);
      Tensor columns = Tensor.allocate(arena, DType.I32, 19, k);
      Tensor expectedValues = Tensor.allocate(arena, DType.F64, 19, k);
      Tensor expectedColumns = Tensor.allocate(arena, DType.I32, 19, k);
      vector.topK(x, greatest, values, columns);
      scalar.topK(x, greatest, expectedValues, expectedColumns);
      assertClose(expectedValues, values, 0);
      assertClose(expectedColumns, columns, 0);
    }
  }

  @Test
  void histogramsAndRowSumsAgree() {
    Tensor x = view(45, 71);
    x.set(0, 0, 1);
    x.set(0, 1, -1);
    x.set(0, 2, Double.NaN);
    Tensor counts = Tensor.allocate(arena, DType.I64, 1, 100);
    Tensor expected = Tensor.allocate(arena, DType.I64, 1, 100);
    vector.histogram(x, -1, 1, counts);
    scalar.histogram(x, -1, 1, expected);
    assertClose(expected, counts, 0);
    Tensor sums = Tensor.allocate(arena, DType.F64, 45, 5);
    Tensor expectedSums = Tensor.allocate(arena, DType.F64, 45, 5);
    vector.rowPowerSums(x, sums);
    scalar.rowPowerSums(x, expectedSums);
    assertClose(expectedSums, sums, 1e-9);
  }

  @Test
  void classSumsAgree() {
    Tensor x = view(50, 30);
    Tensor classes = Tensor.allocate(arena, DType.I32, 50, 1);
    Tensor columns = Tensor.allocate(arena, DType.I32, 1, 17);
    for (int t = 0; t < 50; t++) {
      classes.set(t, 0, random.nextInt(6));
    }
    for (int j = 0; j < 17; j++) {
      columns.set(0, j, random.nextInt(30));
    }
    Tensor[] sums = new Tensor[2];
    Tensor[] maxima = new Tensor[2];
    for (int i = 0; i < 2; i++) {
      sums[i] = Tensor.allocate(arena, DType.F64, 6, 17);
      maxima[i] = Tensor.allocate(arena, DType.F32, 6, 17);
      maxima[i].fill(Double.NEGATIVE_INFINITY);
      (i == 0 ? scalar : vector).classSums(x, classes, columns, sums[i], maxima[i]);
    }
    assertClose(sums[0], sums[1], 1e-12);
    assertClose(maxima[0], maxima[1], 0);
  }

  @Test
  void resultsDoNotDependOnThreads() {
    Tensor a = view(600, 300);
    Tensor b = view(600, 700);
    Tensor one = Tensor.allocate(arena, DType.F64, 300, 700);
    Tensor many = Tensor.allocate(arena, DType.F64, 300, 700);
    try (VectorKernels single = new VectorKernels(1)) {
      single.crossProducts(a, b, one);
    }
    vector.crossProducts(a, b, many);
    assertEquals(-1, one.data().mismatch(many.data()));
  }

  @Test
  void wrongShapesAreRefused() {
    Tensor x = view(4, 5);
    assertThrows(
        IllegalArgumentException.class, () -> vector.linear(x, view(6, 2), null, view(4, 2)));
    assertThrows(
        IllegalArgumentException.class, () -> vector.crossProducts(x, view(3, 2), view(5, 2)));
    assertThrows(
        IllegalArgumentException.class,
        () -> vector.layerNorm(x, view(1, 5), view(1, 5), 1, view(5, 4)));
  }

  private Kernels.Columns columns(int n) {
    return new Kernels.Columns(random(DType.F64, 1, n), random(DType.F64, 1, n));
  }

  private Tensor emptySums(int n) {
    Tensor sums = Tensor.allocate(arena, DType.F64, 6, n);
    sums.rows(4, 5).fill(Double.POSITIVE_INFINITY);
    sums.rows(5, 6).fill(Double.NEGATIVE_INFINITY);
    return sums;
  }

  /** A single-precision matrix in the middle of a larger one. */
  private Tensor view(int rows, int cols) {
    return random(DType.F32, rows + 2, cols + 5).rows(1, rows + 1).columns(3, cols + 3);
  }

  private Tensor random(DType dtype, int rows, int cols) {
    Tensor t = Tensor.allocate(arena, dtype, rows, cols);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        t.set(i, j, random.nextGaussian());
      }
    }
    return t;
  }

  private Tensor copy(Tensor t, DType dtype) {
    Tensor copy = Tensor.allocate(arena, dtype, t.rows(), t.cols());
    for (int i = 0; i < t.rows(); i++) {
      for (int j = 0; j < t.cols(); j++) {
        copy.set(i, j, t.get(i, j));
      }
    }
    return copy;
  }

  private static void assertClose(Tensor expected, Tensor actual, double tolerance) {
    assertEquals(expected.rows(), actual.rows());
    assertEquals(expected.cols(), actual.cols());
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.cols(); j++) {
        double e = expected.get(i, j);
        double a = actual.get(i, j);
        if (!(Double.isNaN(e) && Double.isNaN(a))) {
          assertEquals(
              e,
              a,
              tolerance * Math.max(1, Math.abs(e)),
              "[" + i + ", " + j + "] of " + actual + ", seed " + SEED);
        }
      }
    }
  }
}
