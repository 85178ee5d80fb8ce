package dev.homolog.core.kernels;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every kind of kernels must agree on with the oracle: sums and maxima by class. */
abstract class ClassSumsContract extends GreatestContract {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void classSumsAgree(boolean neighbours) {
    Tensor x = view(50, 30);
    Tensor classes = Tensor.allocate(arena, DType.I32, 50, 1);
    Tensor columns = Tensor.allocate(arena, DType.I32, 1, 17);
    for (int t = 0; t < 50; t++) {
      classes.set(t, 0, random.nextInt(6));
    }
    for (int j = 0; j < 17; j++) {
      columns.set(0, j, neighbours ? 5 + j : random.nextInt(30));
    }
    Tensor expectedSums = Tensor.allocate(arena, DType.F64, 6, 17);
    Tensor lowest = Tensor.allocate(arena, DType.F32, 6, 17);
    lowest.fill(Double.NEGATIVE_INFINITY);
    Tensor sums = kernels.allocate(arena, DType.F64, 6, 17);
    Tensor maxima = on(copy(lowest, DType.F32));
    kernels.classSums(x, on(classes), on(columns), sums, maxima);
    scalar.classSums(x, classes, columns, expectedSums, lowest);
    assertClose(expectedSums, sums, 1e-12);
    assertClose(lowest, maxima, 0);
  }

  /** Rows in no class, in one and in several, also in the same class twice. */
  private Tensor[] pairs(int tokens, int classes) {
    List<int[]> pairs = new ArrayList<>();
    for (int t = 0; t < tokens; t++) {
      for (int times = random.nextInt(4); times > 0; times--) {
        pairs.add(new int[] {t, random.nextInt(classes)});
      }
    }
    Tensor rows = Tensor.allocate(arena, DType.I32, pairs.size(), 1);
    Tensor of = Tensor.allocate(arena, DType.I32, pairs.size(), 1);
    for (int i = 0; i < pairs.size(); i++) {
      rows.set(i, 0, pairs.get(i)[0]);
      of.set(i, 0, pairs.get(i)[1]);
    }
    return new Tensor[] {rows, of};
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "50,30,6", "301,64,40", "77,207,3"})
  void classPowerSumsAgree(int tokens, int n, int classes) {
    Tensor x = view(tokens, n);
    Tensor[] pairs = pairs(tokens, classes);
    Tensor mean = random(DType.F32, 1, n);
    Tensor scale = random(DType.F32, 1, n);
    // In the middle of larger sums, which hold something already.
    Tensor whole = random(DType.F64, 2 * classes, n + 9);
    Tensor sums = on(whole).columns(4, n + 4);
    Tensor expected = copy(sums, DType.F64);
    kernels.classPowerSums(x, on(pairs[0]), on(pairs[1]), on(mean), on(scale), sums);
    scalar.classPowerSums(x, pairs[0], pairs[1], mean, scale, expected);
    assertClose(expected, sums, 3e-6);
  }

  /** A standardised value is as exact as single precision, however far the mean is from 0. */
  @Test
  void classPowerSumsOfLargeMeansKeepTheirDigits() {
    Tensor x = Tensor.allocate(arena, DType.F32, 400, 3);
    for (int t = 0; t < 400; t++) {
      x.set(t, 0, 1e6 + random.nextInt(16));
      x.set(t, 1, 1e-20 * random.nextGaussian());
      x.set(t, 2, -70_000 - random.nextDouble());
    }
    Tensor[] pairs = pairs(400, 5);
    Tensor mean = Tensor.allocate(arena, DType.F32, 1, 3);
    Tensor scale = Tensor.allocate(arena, DType.F32, 1, 3);
    mean.set(0, 0, 1e6);
    mean.set(0, 2, -70_000);
    scale.set(0, 0, 0.25);
    scale.set(0, 1, 1e20);
    scale.set(0, 2, 1);
    Tensor sums = kernels.allocate(arena, DType.F64, 10, 3);
    Tensor expected = Tensor.allocate(arena, DType.F64, 10, 3);
    kernels.classPowerSums(on(x), on(pairs[0]), on(pairs[1]), on(mean), on(scale), sums);
    scalar.classPowerSums(x, pairs[0], pairs[1], mean, scale, expected);
    assertClose(expected, sums, 1e-6);
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "50,30,6", "77,207,3"})
  void classMaximaAgree(int tokens, int n, int classes) {
    Tensor x = view(tokens, n);
    Tensor[] pairs = pairs(tokens, classes);
    Tensor whole = random(DType.F32, classes, n + 9);
    Tensor maxima = on(whole).columns(4, n + 4);
    Tensor expected = copy(maxima, DType.F32);
    kernels.classMaxima(x, on(pairs[0]), on(pairs[1]), maxima);
    scalar.classMaxima(x, pairs[0], pairs[1], expected);
    assertClose(expected, maxima, 0);
  }

  @Test
  void noPairsChangeNothing() {
    Tensor none = on(Tensor.allocate(arena, DType.I32, 3, 1)).rows(0, 0);
    Tensor sums = on(random(DType.F64, 4, 7));
    Tensor expected = copy(sums, DType.F64);
    Tensor maxima = on(random(DType.F32, 2, 7));
    Tensor least = copy(maxima, DType.F32);
    Tensor vector = on(random(DType.F32, 1, 7));
    kernels.classPowerSums(view(9, 7), none, none, vector, vector, sums);
    kernels.classMaxima(view(9, 7), none, none, maxima);
    assertClose(expected, sums, 0);
    assertClose(least, maxima, 0);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "130,77", "3,1207"})
  void outerProductsAreAdded(int rows, int cols) {
    Tensor column = view(rows, 1);
    Tensor row = view(1, cols);
    Tensor to = view(rows, cols);
    Tensor expected = copy(to, DType.F32);
    kernels.addOuter(column, row, to);
    scalar.addOuter(copy(column, DType.F32), copy(row, DType.F32), expected);
    assertClose(expected, to, 5e-7);
  }

  /** More rows than buckets, as many, and far fewer; in the middle of larger sums. */
  @ParameterizedTest
  @CsvSource({"1,1,1,F32", "301,64,7,F32", "301,64,7,F64", "77,1207,77,F32", "9,207,5000,F64"})
  void sketchesAgree(int tokens, int n, int size, DType type) {
    Tensor x = view(tokens, n);
    Tensor buckets = Tensor.allocate(arena, DType.I32, tokens, 1);
    Tensor signs = Tensor.allocate(arena, DType.I8, tokens, 1);
    for (int t = 0; t < tokens; t++) {
      buckets.set(t, 0, random.nextInt(size));
      signs.set(t, 0, random.nextBoolean() ? 1 : -1);
    }
    Tensor sum = on(random(type, size, n + 9)).columns(4, n + 4);
    Tensor expected = copy(sum, type);
    kernels.sketch(x, buckets, signs, sum);
    scalar.sketch(x, buckets, signs, expected);
    assertClose(expected, sum, 0); // in one order, so to the last bit
  }

  @Test
  void bucketsOutsideAndOtherSignsAreRefused() {
    Tensor x = view(4, 5);
    Tensor sum = kernels.allocate(arena, DType.F32, 3, 5);
    for (int[] wrong : new int[][] {{3, 1}, {-1, 1}, {0, 0}, {0, 2}}) {
      Tensor buckets = Tensor.allocate(arena, DType.I32, 4, 1);
      Tensor signs = Tensor.allocate(arena, DType.I8, 4, 1);
      signs.fill(-1);
      buckets.set(2, 0, wrong[0]);
      signs.set(2, 0, wrong[1]);
      assertThrows(IllegalArgumentException.class, () -> kernels.sketch(x, buckets, signs, sum));
    }
  }

  @Test
  void pairsOutsideAreRefused() {
    Tensor x = view(4, 5);
    Tensor vector = on(random(DType.F32, 1, 5));
    Tensor sums = kernels.allocate(arena, DType.F64, 6, 5);
    Tensor maxima = kernels.allocate(arena, DType.F32, 3, 5);
    for (int[] wrong : new int[][] {{4, 0}, {-1, 0}, {0, 3}, {0, -1}}) {
      Tensor rows = Tensor.allocate(arena, DType.I32, 1, 1);
      Tensor of = Tensor.allocate(arena, DType.I32, 1, 1);
      rows.set(0, 0, wrong[0]);
      of.set(0, 0, wrong[1]);
      if (!x.onHost()) {
        return; // pairs on a device were checked when they were made
      }
      assertThrows(
          IllegalArgumentException.class,
          () -> kernels.classPowerSums(x, rows, of, vector, vector, sums));
      assertThrows(IllegalArgumentException.class, () -> kernels.classMaxima(x, rows, of, maxima));
    }
  }
}
