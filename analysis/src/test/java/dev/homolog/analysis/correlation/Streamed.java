package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ActivationBlock;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.MomentsSink;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import java.lang.foreign.Arena;
import java.util.List;

/** Activations made up by a test, shown to the sinks as a stream would show them. */
final class Streamed {
  final Kernels kernels;
  final List<ModelNeurons> models;
  final MomentsSink momentsSink;
  final CorrelationSink sink;

  private final Arena arena;
  private final Similarity similarity;
  private final Pilot pilot;
  private final Pilot prepared;
  private final MomentsSink preparedMoments;
  private final List<ActivationSink> more = new java.util.ArrayList<>();
  private final int neurons;

  /**
   * @param pilotRows activations [rows][all neurons] that the pilot sees
   */
  Streamed(Kernels kernels, Arena arena, List<ModelNeurons> models, double[][] pilotRows) {
    this(kernels, arena, models, Similarity.PEARSON, pilotRows);
  }

  Streamed(
      Kernels kernels,
      Arena arena,
      List<ModelNeurons> models,
      Similarity similarity,
      double[][] pilotRows) {
    this.similarity = similarity;
    this.kernels = kernels;
    this.arena = arena;
    this.models = models;
    this.neurons = (int) models.getLast().offset() + models.getLast().count();
    Pilot identity = Pilot.identity(kernels, arena, neurons);
    MomentsSink first = new MomentsSink(kernels, arena, identity, neurons);
    boolean[] all = new boolean[pilotRows.length];
    java.util.Arrays.fill(all, true);
    first.accept(block(pilotRows, all, 0));
    this.pilot = first.moments().pilot(kernels, arena);
    this.prepared = pilot.as(similarity.preparation());
    this.preparedMoments = new MomentsSink(kernels, arena, identity, neurons);
    this.momentsSink = new MomentsSink(kernels, arena, pilot, neurons);
    this.sink = new CorrelationSink(new SumMemory(kernels, arena, DType.F64), models, true);
  }

  Pilot prepared() {
    return prepared;
  }

  static List<ModelNeurons> models(int... layersAndWidths) {
    List<ModelNeurons> models = new java.util.ArrayList<>();
    long offset = 0;
    for (int i = 0; i < layersAndWidths.length; i += 2) {
      ModelNeurons model =
          new ModelNeurons("m" + i / 2, layersAndWidths[i], layersAndWidths[i + 1], offset);
      models.add(model);
      offset += model.count();
    }
    return models;
  }

  /** Shows activations [tokens][all neurons] in batches. */
  Streamed show(double[][] x, boolean[] keep, int batch) {
    for (int from = 0; from < x.length; from += batch) {
      int to = Math.min(x.length, from + batch);
      ActivationBlock block =
          block(
              java.util.Arrays.copyOfRange(x, from, to),
              java.util.Arrays.copyOfRange(keep, from, to),
              from);
      momentsSink.accept(block);
      prepared.prepare(block.post(), block.keep());
      if (similarity != Similarity.PEARSON) {
        preparedMoments.accept(block);
      }
      sink.accept(block);
      more.forEach(other -> other.accept(block));
    }
    return this;
  }

  /** A sink that is shown prepared blocks too. */
  Streamed with(ActivationSink another) {
    more.add(another);
    return this;
  }

  /** Tokens are of three subsets in turn. */
  static int subset(int token) {
    return token % 3;
  }

  private ActivationBlock block(double[][] x, boolean[] keep, int from) {
    Tensor subsets = Tensor.allocate(arena, DType.I32, x.length, 1);
    for (int t = 0; t < x.length; t++) {
      subsets.set(t, 0, subset(from + t));
    }
    Tensor post = Tensor.allocate(arena, kernels.working(), x.length, neurons);
    Tensor mask = Tensor.allocate(arena, DType.U8, x.length, 1);
    long kept = 0;
    for (int t = 0; t < x.length; t++) {
      mask.set(t, 0, keep[t] ? 1 : 0);
      kept += keep[t] ? 1 : 0;
      for (int j = 0; j < neurons; j++) {
        post.set(t, j, x[t][j]);
      }
    }
    return new ActivationBlock(
        kernels,
        models,
        Rows.all(from + x.length).part(from, from + x.length),
        null,
        kernels.fromHost(arena, mask),
        kept,
        subsets,
        null,
        kernels.fromHost(arena, post));
  }

  Moments moments() {
    return momentsSink.moments();
  }

  CorrelationSummary summary(int top) {
    CorrelationSummary.Builder builder =
        new CorrelationSummary.Builder(kernels, arena, models, top, false);
    builder.add(sink, measure(), ProgressListener.NONE);
    return builder.build();
  }

  Measure measure() {
    Moments moments = similarity == Similarity.PEARSON ? moments() : preparedMoments.moments();
    return new Measure(kernels, similarity, moments, prepared);
  }

  /** The greatest correlation with the turned neurons of each other model. */
  double[][] baseline(Rotation rotation) {
    Strip all = CorrelationSink.allOfReference(models);
    return new RotationBaseline(sink, measure())
        .best(rotation, all, List.of(all), ProgressListener.NONE);
  }

  /** A rotation's matrix as rows. */
  static double[][] matrix(Rotation rotation, int other, int layer, int m) {
    try (Arena arena = Arena.ofConfined()) {
      Tensor rows = Tensor.allocate(arena, DType.F64, m, m);
      rotation.fill(rows, other, layer);
      double[][] matrix = new double[m][];
      java.util.Arrays.setAll(matrix, j -> rows.rows(j, j + 1).toArray());
      return matrix;
    }
  }

  static double[][] best(CorrelationSummary summary) {
    return summary.pairs().stream()
        .map(pair ->
            java.util.stream.IntStream.range(0, pair.highest().rows())
                .mapToDouble(i -> pair.highest().value(i, 0))
                .toArray())
        .toArray(double[][]::new);
  }
}
