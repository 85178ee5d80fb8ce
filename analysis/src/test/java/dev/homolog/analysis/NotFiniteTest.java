package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.FiniteSink;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.MomentsSink;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Models with a neuron that is not finite on one token id. Neuron 1 of a layer is w · LN(x), and
 * dimension 0 of x is large for that id and 0 for all others.
 */
class NotFiniteTest {
  private static final int D = 8;
  private static final int M = 6;
  private static final int CONTEXT = 5;
  private static final int ROWS = 12;
  private static final int BOS = 0;
  private static final int NEWLINE = 3;
  private static final int BAD = 7;
  private static final ModelConfig CONFIG =
      new ModelConfig(
          10,
          CONTEXT,
          D,
          2,
          2,
          M,
          Gpt2.architecture(1e-5, Activation.RELU),
          TokenIds.of(OptionalInt.of(BOS), OptionalInt.empty(), OptionalInt.empty()));

  @TempDir Path folder;

  enum On {
    VECTOR,
    TORCH,
    DETACHED;

    Kernels open() {
      return switch (this) {
        case VECTOR -> Backend.VECTOR.open(2).kernels();
        case TORCH -> Backend.TORCH.open(2).kernels();
        case DETACHED -> DetachedKernels.over(Backend.VECTOR.open(2).kernels());
      };
    }
  }

  /** The weight 1e38 keeps the neuron finite, 3e38 makes it overflow. */
  private static Checkpoint model(int layer, int id, float weight) {
    Map<String, float[]> weights = new LinkedHashMap<>();
    try (Checkpoint random = MemoryCheckpoint.random(CONFIG, 5, 0.5)) {
      for (String name : random.names()) {
        var data = random.tensor(name).data();
        weights.put(name, data.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
      }
    }
    weights.forEach((name, values) -> {
      boolean embedding = name.equals("wte.weight") || name.equals("wpe.weight");
      if (embedding || name.endsWith("c_proj.weight")) {
        for (int i = 0; i < values.length; i += D) {
          values[i] = 0;
        }
      }
    });
    weights.get("wte.weight")[id * D] = 1000;
    String h = "h." + layer + ".";
    Arrays.fill(weights.get(h + "ln_2.weight"), 0.5f); // 1.3 at the id, at most 0.5 elsewhere
    for (int i = 0; i < D; i++) {
      weights.get(h + "mlp.c_fc.weight")[i * M + 1] = i == 0 ? weight : 0;
      weights.get(h + "mlp.c_proj.weight")[D + i] = 0;
    }
    return MemoryCheckpoint.of(CONFIG, weights);
  }

  /** Tokens 1 and 2 in turn, but for one id in one place. */
  private TokenTable table(int row, int position, int id) {
    try (Arena arena = Arena.ofConfined()) {
      var data = arena.allocate(ValueLayout.JAVA_INT, (long) ROWS * CONTEXT);
      for (int i = 0; i < ROWS * CONTEXT; i++) {
        data.setAtIndex(ValueLayout.JAVA_INT, i, i % CONTEXT == 0 ? BOS : 1 + i % 2);
      }
      data.setAtIndex(ValueLayout.JAVA_INT, (long) row * CONTEXT + position, id);
      Path file = folder.resolve("tokens.npy");
      NpyFile.write(file, DType.I32, List.of((long) ROWS, (long) CONTEXT), data);
      TokenRules rules =
          new TokenRules(
              BOS, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.of(NEWLINE), 10);
      Path family = Path.of(System.getProperty("homolog.testResources"));
      Tokenizer tokenizer = Tokenizer.of(family.resolve("a/tokenizer.json"));
      return TokenTable.fromNpy(file, tokenizer, rules, Long.MAX_VALUE);
    }
  }

  /** What a pass over chosen rows ends with; the first of two models is sound. */
  private static final class Pass implements AutoCloseable {
    private final Kernels kernels;
    private final Arena arena = Arena.ofShared();
    private final Checkpoint sound = model(0, 9, 1);
    private final Checkpoint model;
    private final TokenTable table;
    private final ActivationStream stream;

    Pass(On on, Checkpoint model, TokenTable table) {
      this.kernels = on.open();
      this.model = model;
      this.table = table;
      List<ActivationStream.Model> models =
          Stream.of(sound, model).map(m -> new ActivationStream.Model("m", m)).toList();
      this.stream =
          ActivationStream.open(kernels, arena, models, new ActivationStream.Text(table, 4));
    }

    Pilot pilot(Rows rows) {
      return stream.pilot(rows, ProgressListener.NONE);
    }

    Moments moments() {
      MomentsSink moments = new MomentsSink(kernels, arena, identity(), stream.neurons());
      run(moments);
      return moments.moments();
    }

    Pilot identity() {
      return Pilot.identity(kernels, arena, stream.neurons());
    }

    FiniteSink finite() {
      return new FiniteSink(kernels, arena, 4 * CONTEXT, stream.neurons());
    }

    void run(ActivationSink sink) {
      stream.run("test", Rows.all(table.rows()), identity(), List.of(sink), ProgressListener.NONE);
    }

    @Override
    public void close() {
      arena.close();
      kernels.close();
      table.close();
      model.close();
      sound.close();
    }
  }

  private void assertRefused(String field, String neuron, int position, int row, Executable run) {
    InputException e = assertThrows(InputException.class, run);
    assertEquals("weights in memory", e.where());
    assertEquals(field, e.field());
    assertEquals(
        neuron
            + " at position "
            + position
            + ", in row "
            + row
            + " of "
            + folder.resolve("tokens.npy"),
        e.problem());
  }

  @ParameterizedTest
  @EnumSource
  void aKeptTokenIsFoundWithItsRow(On on) {
    try (Pass pass = new Pass(on, model(0, BAD, 3e38f), table(9, 3, BAD))) {
      assertRefused("layer 0, row 9", "neuron 1 is infinite", 3, 9, pass::moments);
      assertRefused("layer 0, row 9", "neuron 1 is infinite", 3, 9, () -> pass.run(pass.finite()));
      // Rows 2, 6 and 10: the pilot does not see it.
      Pilot _ = pass.pilot(Rows.spread(ROWS, 3));
      // Row 9 is the pilot's fifth.
      assertRefused(
          "layer 0, row 9", "neuron 1 is infinite", 3, 9, () -> pass.pilot(Rows.spread(ROWS, 6)));
    }
  }

  /** A ReLU makes 0 of minus infinity; whoever reads MLP_PRE meets it all the same. */
  @ParameterizedTest
  @EnumSource
  void whatTheActivationFunctionSwallowsIsFoundWhereItIsRead(On on) {
    try (Kernels kernels = on.open();
        Arena arena = Arena.ofShared();
        Checkpoint model = model(0, BAD, -3e38f);
        TokenTable table = table(9, 3, BAD)) {
      ActivationStream stream =
          ActivationStream.open(
              kernels,
              arena,
              List.of(new ActivationStream.Model("m", model)),
              new ActivationStream.Text(table, 4));
      Rows all = Rows.all(ROWS);
      Pilot _ = stream.pilot(all, ProgressListener.NONE);
      assertRefused(
          "layer 0, row 9",
          "neuron 1 is minus infinite",
          3,
          9,
          () -> stream.pilots(all, true, ProgressListener.NONE));
    }
  }

  /** It is masked itself, but the tokens after it attend to it. */
  @ParameterizedTest
  @EnumSource
  void aTokenThatIsNotKeptIsFoundByThoseAfterIt(On on) {
    try (Pass pass = new Pass(on, model(0, NEWLINE, 3e38f), table(9, 2, NEWLINE))) {
      assertRefused("layer 0, row 9", "neuron 1 is infinite", 2, 9, pass::moments);
    }
  }

  /** Nothing attends to the last layer: the sums over kept tokens are sound, those over all not. */
  @ParameterizedTest
  @EnumSource
  void aTokenThatIsNotKeptAndSpoilsNothingIsLeftAlone(On on) {
    try (Pass pass = new Pass(on, model(1, NEWLINE, 3e38f), table(9, 2, NEWLINE))) {
      Moments moments = pass.moments();
      for (int j = 0; j < moments.neurons(); j++) {
        assertTrue(Double.isFinite(moments.mean(j)) && Double.isFinite(moments.variance(j)));
      }
      assertRefused("layer 1, row 9", "neuron 1 is infinite", 2, 9, () -> pass.run(pass.finite()));
    }
    try (Pass pass = new Pass(on, model(1, BOS, 3e38f), table(9, 2, NEWLINE))) {
      assertFalse(pass.moments().isConstant(0));
      assertRefused(
          "layer 1, row 2", "neuron 1 is infinite", 0, 2, () -> pass.pilot(Rows.spread(ROWS, 3)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsLargeAndFinitePasses(On on) {
    try (Pass pass = new Pass(on, model(0, BAD, 1e38f), table(9, 3, BAD))) {
      Moments moments = pass.moments();
      List<Integer> large = new ArrayList<>();
      for (int j = 0; j < moments.neurons(); j++) {
        if (moments.max(j) > 1e38) {
          large.add(j);
        }
      }
      assertEquals(List.of(2 * M + 1), large);
      pass.run(pass.finite());
    }
  }
}
