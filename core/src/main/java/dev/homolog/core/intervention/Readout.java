package dev.homolog.core.intervention;

import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Transformer;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * From the residual stream after the last layer to metrics of every position. Logits are made a
 * block of positions at a time, and each block is read in all ways before the next is made.
 *
 * <p>L = n W_U are the logits of the last LayerNorm's output n. Let r be the scale over the nominal
 * one. A frozen scale changes n into r (n − β) + β, and so L into r L + (1 − r) β W_U. A frozen
 * direction u changes L into L + a u, where a is the nominal n (W_U u) minus that of this pass.
 * What a reading holds fixed is remembered from the pass without intervention.
 */
final class Readout {
  /** Bytes of a block of logits on a GPU: enough rows for products of full speed. */
  private static final long DEVICE_BYTES = 64L << 20;

  /** Bytes of one on the host: what stays in the cache until it is read. */
  private static final long HOST_BYTES = 4L << 20;

  /** Rows for which W_U, where it is larger than the cache, is read once. */
  private static final long LEAST_ROWS = 512;

  private final Transformer model;
  private final Kernels kernels;
  private final Tensor logits; // [block, vocab]
  private final Tensor scale; // F64 [T, 1]
  private final Tensor component; // of logits along the direction [T, 1], or null
  private final Tensor reader; // W_U u [d_model, 1], or null
  private final Tensor weights; // F64 [1, vocab], or null
  private final Map<Reading, Way> ways = new EnumMap<>(Reading.class);
  private final Way plain; // of the pass without intervention
  private double[] nominalScale;
  private double[] nominalComponent; // or null

  /**
   * Memory of a reading.
   *
   * @param adjustment of all rows
   * @param predictions F64 [T, 4]
   * @param values F64 [T, 6] on the host
   */
  private record Way(LogitAdjustment adjustment, Tensor predictions, Tensor values) {}

  Readout(Transformer model, Kernels kernels, Arena arena, long maxTokens, Sweep.Options options) {
    this.model = model;
    this.kernels = kernels;
    ModelConfig config = model.config();
    long block = blockRows(config, kernels, maxTokens);
    this.logits = kernels.allocate(arena, kernels.working(), block, config.vocabSize());
    this.scale = kernels.allocate(arena, DType.F64, maxTokens, 1);
    List<Reading> readings = options.readings();
    Sweep.Vocabulary vocabulary = options.vocabulary();
    this.weights =
        vocabulary.weights() == null ? null : row(kernels, arena, DType.F64, vocabulary.weights());
    boolean held = readings.contains(Reading.FROZEN_DIRECTION);
    Tensor direction =
        held ? row(kernels, arena, kernels.working(), unit(vocabulary.direction())) : null;
    this.reader = held ? model.reader(direction, arena) : null;
    this.component = held ? kernels.allocate(arena, kernels.working(), maxTokens, 1) : null;
    this.plain = way(arena, maxTokens, LogitAdjustment.NONE);
    for (Reading reading : readings) {
      ways.put(
          reading,
          switch (reading) {
            case TOTAL -> plain;
            case FROZEN_SCALE -> {
              Tensor ratio = kernels.allocate(arena, DType.F64, maxTokens, 1);
              Tensor rest = kernels.allocate(arena, DType.F64, maxTokens, 1);
              Tensor constant = model.constantLogits(arena);
              yield way(arena, maxTokens, new LogitAdjustment(ratio, rest, constant));
            }
            case FROZEN_DIRECTION -> {
              Tensor along = kernels.allocate(arena, DType.F64, maxTokens, 1);
              yield way(arena, maxTokens, new LogitAdjustment(null, along, direction));
            }
          });
    }
  }

  private Way way(Arena arena, long tokens, LogitAdjustment adjustment) {
    return new Way(
        adjustment,
        kernels.allocate(arena, DType.F64, tokens, 4),
        Tensor.allocate(arena, DType.F64, tokens, Metrics.COUNT));
  }

  private static long blockRows(ModelConfig config, Kernels kernels, long tokens) {
    long bytes = kernels.freeDeviceBytes().isPresent() ? DEVICE_BYTES : HOST_BYTES;
    long rows = bytes / ((long) config.vocabSize() * kernels.working().bytes());
    return Math.min(tokens, Math.max(LEAST_ROWS, rows));
  }

  /** Bytes that one takes at most for batches of that many tokens. */
  static long bytes(ModelConfig config, Kernels kernels, long tokens) {
    long working = kernels.working().bytes();
    long block = blockRows(config, kernels, tokens);
    // A reading has two numbers of its adjustment, four that are found and metrics.
    long ofReading = Reading.values().length * (6L + Metrics.COUNT);
    // Scales and components, there and on the host, nominal and not; copies of a reading's numbers.
    long passing = 6 + 4;
    return (block * config.vocabSize() + 2L * config.vocabSize() + 3L * config.dModel()) * working
        + tokens * (ofReading + passing) * Double.BYTES
        + 3L * config.vocabSize() * Double.BYTES; // weights, and a row on its way to a device
  }

  private static Tensor row(Kernels kernels, Arena arena, DType dtype, double[] values) {
    try (Arena scratch = Arena.ofShared()) {
      Tensor row = Tensor.allocate(scratch, dtype, 1, values.length);
      row.writeRow(0, values);
      return kernels.fromHost(arena, row);
    }
  }

  private static double[] unit(double[] direction) {
    double square = 0;
    for (double value : direction) {
      square += value * value;
    }
    double[] unit = direction.clone();
    for (int v = 0; v < unit.length; v++) {
      unit[v] /= Math.sqrt(square);
    }
    return unit;
  }

  /**
   * Metrics [T, 6] of the pass without intervention, in memory that the next call uses again; what
   * later readings hold fixed is kept.
   */
  Tensor nominal(Tensor residual, Tensor targets) {
    Tensor normal = model.finalNorm(residual);
    nominalScale = scales(residual);
    nominalComponent = components(normal);
    read(normal, targets, Map.of(Reading.TOTAL, plain));
    return values(plain, nominalScale);
  }

  /**
   * Metrics [T, 6] of a pass with interventions, by reading, in memory that the next call uses
   * again.
   */
  Map<Reading, Tensor> read(Tensor residual, Tensor targets) {
    Tensor normal = model.finalNorm(residual);
    double[] scales = scales(residual);
    double[] components = components(normal);
    ways.forEach((reading, way) -> adjust(reading, way, scales, components));
    read(normal, targets, ways);
    Map<Reading, Tensor> values = new EnumMap<>(Reading.class);
    ways.forEach((reading, way) ->
        values.put(reading, values(way, reading == Reading.FROZEN_SCALE ? nominalScale : scales)));
    return values;
  }

  private double[] scales(Tensor residual) {
    Tensor part = scale.rows(0, residual.rows());
    model.finalScale(residual, part);
    return numbers(part);
  }

  /** Of the logits along the direction. */
  private double[] components(Tensor normal) {
    if (reader == null) {
      return null;
    }
    Tensor part = component.rows(0, normal.rows());
    kernels.linear(normal, reader, null, part);
    return numbers(part);
  }

  private double[] numbers(Tensor tensor) {
    try (Arena scratch = Arena.ofShared()) {
      return kernels.toHost(scratch, tensor).toArray();
    }
  }

  private void adjust(Reading reading, Way way, double[] scales, double[] components) {
    double[] ratio = new double[scales.length];
    double[] along = new double[scales.length];
    for (int t = 0; t < scales.length; t++) {
      ratio[t] = scales[t] / nominalScale[t];
      along[t] =
          reading == Reading.FROZEN_DIRECTION ? nominalComponent[t] - components[t] : 1 - ratio[t];
    }
    put(ratio, way.adjustment.scale());
    put(along, way.adjustment.along());
  }

  private void put(double[] values, Tensor to) {
    if (to == null) {
      return;
    }
    try (Arena scratch = Arena.ofShared()) {
      Tensor host = Tensor.allocate(scratch, DType.F64, 1, values.length);
      host.writeRow(0, values);
      kernels.copy(host.transposed(), to.rows(0, values.length));
    }
  }

  private void read(Tensor normal, Tensor targets, Map<Reading, Way> by) {
    long T = normal.rows();
    for (long t = 0; t < T; t += logits.rows()) {
      long from = t;
      long to = Math.min(T, t + logits.rows());
      Tensor block = logits.rows(0, to - from);
      model.unembed(normal.rows(from, to), block);
      by.forEach((_, way) ->
          kernels.predictions(
              block,
              way.adjustment.rows(from, to),
              targets.rows(from, to),
              weights,
              way.predictions.rows(from, to)));
    }
  }

  private Tensor values(Way way, double[] scales) {
    int T = scales.length;
    try (Arena scratch = Arena.ofShared()) {
      Tensor predictions = kernels.toHost(scratch, way.predictions.rows(0, T));
      for (int t = 0; t < T; t++) {
        double rank = predictions.get(t, 2);
        way.values.set(t, 0, predictions.get(t, 0));
        way.values.set(t, 1, predictions.get(t, 1));
        way.values.set(t, 2, rank);
        way.values.set(t, 3, 1 / (rank + 1));
        way.values.set(t, 4, scales[t]);
        way.values.set(t, 5, predictions.get(t, 3));
      }
    }
    return way.values.rows(0, T);
  }
}
