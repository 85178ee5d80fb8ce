package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.DetachedKernels;
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
import dev.homolog.core.stream.ActivationStream;
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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A neuron of a ReLU model times a number has the correlations that it had. */
class ScalesTest {
  private static final int D = 8;
  private static final int CONTEXT = 8;
  private static final int ROWS = 64;
  private static final double[] SCALES = {
    1, 1e-3, 1e-6, 1e-9, 1e-12, 1e-15, 1e-18, 1e-20, 1e-22, 1e-25, 1e-28, 1e-30, 1e-33, 1e-36,
    1e-38, 1e-39, 1e-40, 1e3, 1e6, 1e12, 1e18, 1e20, 1e25, 1e30, 1e35, 1e-35, 1e-25, 1e-15
  };
  private static final int M = SCALES.length;
  private static final ModelConfig CONFIG =
      new ModelConfig(
          10,
          CONTEXT,
          D,
          1,
          2,
          M,
          Gpt2.architecture(1e-5, Activation.RELU),
          TokenIds.of(OptionalInt.of(0), OptionalInt.empty(), OptionalInt.empty()));

  @TempDir Path folder;

  enum On {
    SCALAR,
    VECTOR,
    TORCH,
    DETACHED;

    Kernels open() {
      return switch (this) {
        case SCALAR -> Backend.SCALAR.open(1).kernels();
        case VECTOR -> Backend.VECTOR.open(2).kernels();
        case TORCH -> Backend.TORCH.open(2).kernels();
        case DETACHED -> DetachedKernels.over(Backend.VECTOR.open(2).kernels());
      };
    }
  }

  private static Checkpoint model(double[] scales) {
    Map<String, float[]> weights = new LinkedHashMap<>();
    try (Checkpoint random = MemoryCheckpoint.random(CONFIG, 5, 0.6)) {
      for (String name : random.names()) {
        weights.put(name, random.tensor(name).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
      }
    }
    Arrays.fill(weights.get("h.0.mlp.c_proj.weight"), 0);
    float[] in = weights.get("h.0.mlp.c_fc.weight");
    for (int i = 0; i < in.length; i++) {
      in[i] = (float) (in[i] * scales[i % M]);
    }
    return MemoryCheckpoint.of(CONFIG, weights);
  }

  private TokenTable table() {
    Random random = new Random(8);
    try (Arena arena = Arena.ofConfined()) {
      var data = arena.allocate(ValueLayout.JAVA_INT, (long) ROWS * CONTEXT);
      for (int i = 0; i < ROWS * CONTEXT; i++) {
        data.setAtIndex(ValueLayout.JAVA_INT, i, i % CONTEXT == 0 ? 0 : 1 + random.nextInt(9));
      }
      Path file = folder.resolve("tokens.npy");
      NpyFile.write(file, DType.I32, List.of((long) ROWS, (long) CONTEXT), data);
      TokenRules rules =
          new TokenRules(0, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.of(3), 10);
      Path family = Path.of(System.getProperty("homolog.testResources"));
      Tokenizer tokenizer = Tokenizer.of(family.resolve("a/tokenizer.json"));
      return TokenTable.fromNpy(file, tokenizer, rules, Long.MAX_VALUE);
    }
  }

  /** Correlations of a model's neurons with those of the same model, and the rotation baseline. */
  private record Found(double[][] r, double[] baseline) {}

  private Found correlations(Kernels kernels, double[] scales, int pilotRows) {
    try (Arena arena = Arena.ofShared();
        Checkpoint one = model(scales);
        Checkpoint two = model(scales);
        TokenTable table = table()) {
      List<ActivationStream.Model> models =
          Stream.of(one, two).map(m -> new ActivationStream.Model("m", m)).toList();
      ActivationStream stream =
          ActivationStream.open(kernels, arena, models, new ActivationStream.Text(table, 16));
      Pilot pilot = stream.pilot(Rows.spread(ROWS, pilotRows), ProgressListener.NONE);
      MomentsSink moments = new MomentsSink(kernels, arena, pilot, stream.neurons());
      CorrelationSink sink =
          new CorrelationSink(
              new SumMemory(kernels, arena, kernels.working()), stream.models(), true);
      stream.run("test", Rows.all(ROWS), pilot, List.of(moments, sink), ProgressListener.NONE);
      Measure measure = new Measure(kernels, Similarity.PEARSON, moments.moments(), pilot);
      CorrelationSummary.Builder builder =
          new CorrelationSummary.Builder(kernels, arena, stream.models(), M, false);
      builder.add(sink, measure, ProgressListener.NONE);
      Tails tails = builder.build().pairs().getFirst().highest();
      double[][] r = new double[M][M];
      for (int i = 0; i < M; i++) {
        Arrays.fill(r[i], Double.NaN);
        for (int rank = 0; rank < M && tails.match(i, rank) >= 0; rank++) {
          r[i][tails.match(i, rank)] = tails.value(i, rank);
        }
      }
      Strip all = CorrelationSink.allOfReference(stream.models());
      double[][] baseline =
          new RotationBaseline(sink, measure)
              .best(Rotation.random(1, 0), all, List.of(all), ProgressListener.NONE);
      return new Found(r, baseline[0]);
    }
  }

  /** The pilot of one row finds some neurons silent that are not. */
  @ParameterizedTest
  @EnumSource
  void doNotChangeCorrelations(On on) {
    double[] ones = new double[M];
    Arrays.fill(ones, 1);
    try (Kernels kernels = on.open()) {
      double[][] expected = correlations(kernels, ones, 4).r;
      for (int pilotRows : new int[] {1, 4, ROWS}) {
        Found found = correlations(kernels, SCALES, pilotRows);
        int constant = 0;
        for (int i = 0; i < M; i++) {
          constant += Double.isNaN(expected[i][i]) ? 1 : 0;
          for (int j = 0; j < M; j++) {
            // Weights of 1e-40 have five digits.
            boolean rough = Math.min(SCALES[i], SCALES[j]) < 1e-38;
            String pair = SCALES[i] + " with " + SCALES[j] + ", pilot of " + pilotRows;
            assertEquals(expected[i][j], found.r[i][j], i != j && rough ? 1e-3 : 1e-5, pair);
          }
          boolean judged = found.baseline[i] >= -1 && found.baseline[i] <= 1;
          assertEquals(!Double.isNaN(expected[i][i]), judged, "baseline of " + SCALES[i]);
        }
        assertTrue(constant < M / 4, "neurons that move");
      }
    }
  }
}
