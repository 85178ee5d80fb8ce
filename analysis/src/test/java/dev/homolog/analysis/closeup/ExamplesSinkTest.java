package dev.homolog.analysis.closeup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.analysis.DetachedKernels;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Rows;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Peaks and windows against plain loops over all activations. */
class ExamplesSinkTest {
  private static final int CONTEXT = 37;
  private static final int ROWS = 60;
  private static final ModelNeurons A = new ModelNeurons("a", 2, 3, 0);
  private static final ModelNeurons B = new ModelNeurons("b", 1, 5, 6);
  private static final int ALL = 11;
  private static final List<CloseUp.Subject> SUBJECTS =
      List.of(
          new CloseUp.Subject(4, List.of(3), List.of()),
          new CloseUp.Subject(0, List.of(-1), List.of()),
          new CloseUp.Subject(5, List.of(0), List.of()));

  private final Arena arena = Arena.ofShared();
  private final Kernels host = Backend.VECTOR.open(2).kernels();
  private final float[][] x = new float[ROWS * CONTEXT][ALL];
  private final boolean[] keep = new boolean[ROWS * CONTEXT];

  ExamplesSinkTest() {
    Random random = new Random(5);
    for (int t = 0; t < x.length; t++) {
      keep[t] = t % CONTEXT != 0 && random.nextInt(9) != 0;
      for (int n = 0; n < ALL; n++) {
        // Few values, so that there are ties; the reference's last neuron has next to none.
        x[t][n] = n == 5 ? (t == 100 ? 1 : 0) : random.nextInt(12) - 2;
      }
    }
  }

  @AfterEach
  void close() {
    host.close();
    arena.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void peaksAndWindowsAreThoseOfPlainLoops(boolean device) {
    Kernels kernels = device ? DetachedKernels.over(host) : host;
    ExamplesSink sink = sink(kernels);
    for (int row = 0; row < ROWS; row += 12) {
      show(kernels, sink, row, row + 12);
    }
    check(sink);
  }

  @ParameterizedTest
  @ValueSource(ints = {12, 48})
  void partsMergeToTheWhole(int cut) {
    ExamplesSink first = sink(host);
    ExamplesSink second = sink(host);
    for (int row = 0; row < ROWS; row += 12) {
      // The later part is merged into the earlier, or the other way round.
      show(host, row < cut == (cut == 12) ? first : second, row, row + 12);
    }
    second.merge(first.state());
    check(second);
  }

  private ExamplesSink sink(Kernels kernels) {
    return new ExamplesSink(kernels, arena, List.of(A, B), SUBJECTS, CONTEXT, 20L * CONTEXT);
  }

  private void show(Kernels kernels, ExamplesSink sink, int fromRow, int toRow) {
    int from = fromRow * CONTEXT;
    int tokens = toRow * CONTEXT - from;
    Tensor mask = Tensor.allocate(arena, DType.U8, tokens, 1);
    Tensor post = Tensor.allocate(arena, DType.F32, tokens, ALL);
    for (int t = 0; t < tokens; t++) {
      mask.set(t, 0, keep[from + t] ? 1 : 0);
      for (int n = 0; n < ALL; n++) {
        post.set(t, n, x[from + t][n]);
      }
    }
    sink.accept(
        new ActivationBlock(
            kernels,
            List.of(A, B),
            Rows.all(ROWS).part(fromRow, toRow),
            null,
            kernels.fromHost(arena, mask),
            0,
            null,
            null,
            kernels.fromHost(arena, post)));
  }

  private void check(ExamplesSink sink) {
    for (int j = 0; j < SUBJECTS.size(); j++) {
      int neuron = SUBJECTS.get(j).neuron();
      int other = SUBJECTS.get(j).counterparts().getFirst();
      List<Integer> expected = peaks(neuron);
      List<Integer> found = sink.ranked(j);
      assertEquals(expected.size(), found.size());
      for (int rank = 0; rank < expected.size(); rank++) {
        int at = expected.get(rank);
        int slot = found.get(rank);
        assertEquals(at, sink.place(j, slot));
        for (int w = 0; w < ExamplesSink.WINDOW; w++) {
          int there = at - ExamplesSink.REACH + w;
          boolean inside = there >= 0 && there / CONTEXT == at / CONTEXT;
          assertEquals(inside ? x[there][neuron] : Double.NaN, sink.value(j, slot, 0, w));
          assertEquals(
              inside && other >= 0 ? x[there][6 + other] : Double.NaN, sink.value(j, slot, 1, w));
        }
      }
    }
  }

  private List<Integer> peaks(int neuron) {
    List<Integer> found = new ArrayList<>();
    for (int t = 0; t < x.length; t++) {
      boolean peak = keep[t];
      for (int u = Math.max(0, t - ExamplesSink.REACH);
          u <= Math.min(x.length - 1, t + ExamplesSink.REACH);
          u++) {
        if (keep[u] && u / CONTEXT == t / CONTEXT) {
          peak &= u < t ? x[u][neuron] < x[t][neuron] : x[u][neuron] <= x[t][neuron];
        }
      }
      if (peak) {
        found.add(t);
      }
    }
    found.sort(Comparator.comparingDouble((Integer t) -> -x[t][neuron]).thenComparingInt(t -> t));
    return found.subList(0, Math.min(ExamplesSink.TOP, found.size()));
  }
}
