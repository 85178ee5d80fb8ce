package dev.homolog.analysis.correlation;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A sketch of one reading of the text. It is itself a short text, whose K tokens are the buckets:
 * their sums of products are made, a strip of the reference at a time, when all is read.
 */
final class SketchPass {
  /** Buckets whose products are summed at once. */
  static final int ROWS = 8192;

  private final CorrelationPass.Settings settings;
  private final Kernels kernels;
  private final SimilarityMoments moments;
  private final SketchSink sink;

  /**
   * A pass with an empty sketch.
   *
   * @param raw moments of the raw activations of all models, which are summed elsewhere
   */
  SketchPass(CorrelationPass.Settings settings, Arena arena, Supplier<Moments> raw) {
    this.settings = settings;
    this.kernels = settings.kernels();
    this.moments = new SimilarityMoments(settings, arena, raw);
    var last = settings.models().getLast();
    long neurons = last.offset() + last.count();
    TokenHash hash = new TokenHash(settings.seed(), settings.comparison().method().size());
    this.sink = new SketchSink(kernels, arena, hash, neurons);
  }

  List<ActivationSink> sinks() {
    List<ActivationSink> sinks = new ArrayList<>();
    sinks.add(sink);
    moments.sink().ifPresent(sinks::add);
    return sinks;
  }

  /** The type of sums of products over the buckets. */
  static DType sums(Kernels kernels, Method method) {
    return SumMemory.type(kernels, method.size(), Math.min(method.size(), ROWS));
  }

  private SumMemory memory(Arena arena) {
    return new SumMemory(kernels, arena, sums(kernels, settings.comparison().method()));
  }

  /**
   * Takes means off, where the similarity does, and says how to read sums of products of what is
   * left. Called once, when all of the text is read.
   */
  Measure complete() {
    Moments ofText = moments.moments();
    if (settings.comparison().similarity() == Similarity.PEARSON && ofText.n() > 0) {
      sink.centre(ofText);
    }
    return moments.measure().ofSketch(settings.comparison().method(), squares());
  }

  /** Σ over the buckets of each neuron's squares, in double. */
  private double[] squares() {
    Tensor sketch = sink.sketch();
    try (Arena scratch = Arena.ofShared()) {
      Pilot identity = Pilot.identity(kernels, scratch, sketch.cols());
      Tensor all = Tensor.allocate(scratch, DType.U8, Math.min(ROWS, sketch.rows()), 1);
      all.fill(1);
      Tensor keep = kernels.fromHost(scratch, all);
      Tensor powers = kernels.allocate(scratch, DType.F64, 6, sketch.cols());
      for (long from = 0; from < sketch.rows(); from += ROWS) {
        long to = Math.min(sketch.rows(), from + ROWS);
        kernels.powerSums(
            sketch.rows(from, to),
            keep.rows(0, to - from),
            identity.mean(),
            identity.scale(),
            powers);
      }
      return kernels.toHost(scratch, powers).rows(1, 2).toArray();
    }
  }

  /** Products within layers of the other models; none where no rotation needs them. */
  CorrelationSink withinLayers(Arena arena, ProgressListener progress) {
    CorrelationSink within =
        new CorrelationSink(memory(arena), settings.models(), List.of(), settings.withinLayers());
    if (settings.withinLayers()) {
      show(within, progress);
    }
    return within;
  }

  /**
   * Products of some strips with all models after them.
   *
   * @param within what {@link #withinLayers} made
   */
  CorrelationSink products(
      Arena arena, CorrelationSink within, List<Strip> strips, ProgressListener progress) {
    CorrelationSink products = new CorrelationSink(memory(arena), within, strips);
    show(products, progress);
    return products;
  }

  private void show(CorrelationSink sums, ProgressListener progress) {
    Tensor sketch = sink.sketch();
    for (long from = 0; from < sketch.rows(); from += ROWS) {
      progress.progress("sketch", from, sketch.rows());
      sums.add(sketch.rows(from, Math.min(sketch.rows(), from + ROWS)));
    }
    progress.progress("sketch", sketch.rows(), sketch.rows());
  }
}
