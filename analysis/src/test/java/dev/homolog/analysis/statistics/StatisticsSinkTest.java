package dev.homolog.analysis.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The sums against plain loops in double over the same activations. */
class StatisticsSinkTest {
  private static final int CONTEXT = 5;
  private static final int ROWS = 40;
  private static final int SUBSETS = 2;
  private static final ModelNeurons MODEL = new ModelNeurons("a", 2, 3, 0);
  private static final int N = 6;

  private final Arena arena = Arena.ofShared();
  private final Kernels kernels = Backend.VECTOR.open(2).kernels();
  private final Random random = new Random(11);
  private final double[][] pre = new double[ROWS * CONTEXT][N];
  private final double[][] post = new double[ROWS * CONTEXT][N];
  private final int[] subset = new int[ROWS * CONTEXT];

  StatisticsSinkTest() {
    for (int t = 0; t < pre.length; t++) {
      subset[t] = random.nextInt(4) == 3 ? TokenTable.NO_SUBSET : random.nextInt(SUBSETS);
      for (int n = 0; n < N; n++) {
        pre[t][n] = (float) (random.nextGaussian() * (n == 5 ? 30 : 2) - 1);
        post[t][n] = (float) Math.max(0, pre[t][n]);
      }
      // Neuron 0 fires at position 2 and nowhere else, neuron 1 never.
      pre[t][0] = t % CONTEXT == 2 ? 1 : -1;
      pre[t][1] = -3;
    }
  }

  @AfterEach
  void close() {
    kernels.close();
    arena.close();
  }

  private StatisticsSink sink() {
    return new StatisticsSink(kernels, arena, MODEL, CONTEXT, SUBSETS, 16L * CONTEXT);
  }

  private void show(StatisticsSink sink, int fromRow, int toRow) {
    int from = fromRow * CONTEXT;
    int tokens = toRow * CONTEXT - from;
    Tensor ids = Tensor.allocate(arena, DType.I32, tokens, 1);
    Tensor keep = Tensor.allocate(arena, DType.U8, tokens, 1);
    Tensor subsets = Tensor.allocate(arena, DType.I32, tokens, 1);
    Tensor before = Tensor.allocate(arena, DType.F32, tokens, N);
    // Another model's columns stand beside the reference's.
    Tensor after = Tensor.allocate(arena, DType.F32, tokens, N + 4);
    after.fill(1e9);
    for (int t = 0; t < tokens; t++) {
      subsets.set(t, 0, subset[from + t]);
      for (int n = 0; n < N; n++) {
        before.set(t, n, pre[from + t][n]);
        after.set(t, n, post[from + t][n]);
      }
    }
    sink.accept(
        new ActivationBlock(kernels, List.of(MODEL), null, ids, keep, 0, subsets, before, after));
  }

  private void check(Statistics found) {
    assertEquals(ROWS, found.rows());
    for (int n = 0; n < N; n++) {
      long fired = 0;
      double within = 0;
      for (int p = 0; p < CONTEXT; p++) {
        int place = p;
        int neuron = n;
        int[] there = IntStream.range(0, ROWS).map(row -> row * CONTEXT + place).toArray();
        long here = IntStream.of(there).filter(t -> pre[t][neuron] > 0).count();
        fired += here;
        within += entropy((double) here / ROWS) / CONTEXT;
        check(there, n, found.atPosition(n, p));
      }
      double share = (double) fired / pre.length;
      assertEquals(share, found.sparsity(n), 1e-15);
      assertEquals(entropy(share) - within, found.positionInformation(n), 1e-12);
      for (int s = 0; s <= SUBSETS; s++) {
        int wanted = s == SUBSETS ? TokenTable.NO_SUBSET : s;
        check(
            IntStream.range(0, pre.length).filter(t -> subset[t] == wanted).toArray(),
            n,
            found.inSubset(n, s));
      }
      checkHistogram(n, found.histogram(n));
    }
    // A closed form: firing at one position of five is told by the position alone.
    assertEquals(Math.log(5) / 5 + 0.8 * Math.log(1.25), found.positionInformation(0), 1e-12);
    assertEquals(0, found.positionInformation(1));
  }

  private void check(int[] tokens, int n, Statistics.Summary found) {
    assertEquals(tokens.length, found.count());
    assertEquals(
        IntStream.of(tokens).mapToDouble(t -> post[t][n]).average().orElseThrow(),
        found.mean(),
        1e-12);
    assertEquals(
        IntStream.of(tokens).mapToDouble(t -> post[t][n]).max().orElseThrow(), found.max());
  }

  private void checkHistogram(int n, List<Long> found) {
    assertEquals(257, found.size());
    for (int bin = 0; bin < 257; bin++) {
      double low = bin == 0 ? Double.NEGATIVE_INFINITY : -10 + (bin - 1) * 25.0 / 255;
      double high = bin == 256 ? Double.POSITIVE_INFINITY : -10 + bin * 25.0 / 255;
      long expected =
          IntStream.range(0, pre.length).filter(t -> pre[t][n] >= low && pre[t][n] < high).count();
      assertEquals(expected, found.get(bin), "neuron " + n + ", bin " + bin);
    }
  }

  private static double entropy(double p) {
    return p == 0 || p == 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p);
  }

  @Test
  void sumsAreThoseOfPlainLoops() {
    StatisticsSink sink = sink();
    show(sink, 0, 16);
    show(sink, 16, 31);
    show(sink, 31, ROWS);
    check(sink.statistics());
  }

  @Test
  void partsAddUpToTheWhole() {
    StatisticsSink first = sink();
    StatisticsSink second = sink();
    show(first, 0, 12);
    show(second, 12, 28);
    show(second, 28, ROWS);
    StatisticsSink both = sink();
    both.merge(first.state());
    both.merge(second.state());
    check(both.statistics());
  }
}
