package dev.homolog.core.intervention;

import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Transformer;
import java.lang.foreign.Arena;

/**
 * From the residual stream after the last layer to metrics of every position: logits stand a block
 * of positions at a time. Remembers of the pass without intervention what a reading holds fixed.
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
  private final Tensor nominalScale; // F64 [T, 1]
  private final Tensor found; // F64 [T, 4]
  private final Tensor values; // F64 [T, 6] on the host
  private final Tensor weights; // F64 [1, vocab], or null
  private final Tensor direction; // of length 1, [vocab, 1], or null
  private final double[] nominalAlong;

  Readout(
      Transformer model,
      Kernels kernels,
      Arena arena,
      long maxTokens,
      Sweep.Vocabulary vocabulary) {
    this.model = model;
    this.kernels = kernels;
    ModelConfig config = model.config();
    long block = blockRows(config, kernels, maxTokens);
    this.logits = kernels.allocate(arena, kernels.working(), block, config.vocabSize());
    this.scale = kernels.allocate(arena, DType.F64, maxTokens, 1);
    this.nominalScale = kernels.allocate(arena, DType.F64, maxTokens, 1);
    this.found = kernels.allocate(arena, DType.F64, maxTokens, 4);
    this.values = Tensor.allocate(arena, DType.F64, maxTokens, Metrics.COUNT);
    this.weights =
        vocabulary.weights() == null ? null : row(kernels, arena, DType.F64, vocabulary.weights());
    this.direction =
        vocabulary.direction() == null
            ? null
            : row(kernels, arena, kernels.working(), unit(vocabulary.direction())).transposed();
    this.nominalAlong = new double[Math.toIntExact(maxTokens)];
  }

  private static long blockRows(ModelConfig config, Kernels kernels, long tokens) {
    long bytes = kernels.freeDeviceBytes().isPresent() ? DEVICE_BYTES : HOST_BYTES;
    long rows = bytes / ((long) config.vocabSize() * kernels.working().bytes());
    return Math.min(tokens, Math.max(LEAST_ROWS, rows));
  }

  /** Bytes that one takes for batches of that many tokens. */
  static long bytes(ModelConfig config, Kernels kernels, long tokens) {
    long block = blockRows(config, kernels, tokens);
    return block * config.vocabSize() * kernels.working().bytes()
        + tokens * (7L + Metrics.COUNT) * Double.BYTES
        + 2L * config.vocabSize() * Double.BYTES;
  }

  private static Tensor row(Kernels kernels, Arena arena, DType dtype, double[] values) {
    Tensor row = Tensor.allocate(arena, dtype, 1, values.length);
    row.writeRow(0, values);
    return kernels.fromHost(arena, row);
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

  /** Metrics of the pass without intervention; what later readings hold fixed is kept. */
  Tensor nominal(Tensor residual, Tensor targets) {
    long T = residual.rows();
    model.finalScale(residual, nominalScale.rows(0, T));
    return read(model.finalNorm(residual), nominalScale.rows(0, T), targets, Along.KEPT);
  }

  /** Metrics [T, 6] of a pass with interventions, in memory that the next call uses again. */
  Tensor read(Tensor residual, Reading reading, Tensor targets) {
    long T = residual.rows();
    if (reading == Reading.FROZEN_SCALE) {
      Tensor fixed = nominalScale.rows(0, T);
      return read(model.finalNorm(residual, fixed), fixed, targets, Along.FREE);
    }
    model.finalScale(residual, scale.rows(0, T));
    Along along = reading == Reading.FROZEN_DIRECTION ? Along.FIXED : Along.FREE;
    return read(model.finalNorm(residual), scale.rows(0, T), targets, along);
  }

  /** What is done with the logits' component along the direction. */
  private enum Along {
    KEPT,
    FIXED,
    FREE
  }

  private Tensor read(Tensor normal, Tensor scales, Tensor targets, Along along) {
    long T = normal.rows();
    for (long t = 0; t < T; t += logits.rows()) {
      long to = Math.min(T, t + logits.rows());
      Tensor block = logits.rows(0, to - t);
      model.unembed(normal.rows(t, to), block);
      if (direction != null && along != Along.FREE) {
        hold(block, t, along);
      }
      kernels.predictions(block, targets.rows(t, to), weights, found.rows(t, to));
    }
    try (Arena scratch = Arena.ofShared()) {
      Tensor of = kernels.toHost(scratch, found.rows(0, T));
      Tensor by = kernels.toHost(scratch, scales);
      for (long t = 0; t < T; t++) {
        double rank = of.get(t, 2);
        values.set(t, 0, of.get(t, 0));
        values.set(t, 1, of.get(t, 1));
        values.set(t, 2, rank);
        values.set(t, 3, 1 / (rank + 1));
        values.set(t, 4, by.get(t, 0));
        values.set(t, 5, of.get(t, 3));
      }
    }
    return values.rows(0, T);
  }

  /** Remembers logits · direction, or moves the logits along it to what is remembered. */
  private void hold(Tensor block, long from, Along along) {
    try (Arena scratch = Arena.ofShared()) {
      Tensor component = kernels.allocate(scratch, kernels.working(), block.rows(), 1);
      kernels.linear(block, direction, null, component);
      double[] there = kernels.toHost(scratch, component).toArray();
      if (along == Along.KEPT) {
        System.arraycopy(there, 0, nominalAlong, (int) from, there.length);
        return;
      }
      Tensor back = Tensor.allocate(scratch, kernels.working(), block.rows(), 1);
      for (int t = 0; t < there.length; t++) {
        back.set(t, 0, nominalAlong[(int) from + t] - there[t]);
      }
      kernels.addLinear(kernels.fromHost(scratch, back), direction.transposed(), null, block);
    }
  }
}
