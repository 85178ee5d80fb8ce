package dev.homolog.bench;

import dev.homolog.bindings.Device;
import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.Torch;
import dev.homolog.bindings.TorchPointwise;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;

/** Random data for checks and timings: the same seed makes the same. */
final class RandomTensors {
  private RandomTensors() {}

  /** Rows of random numbers that differ; more tokens repeat them. */
  private static final long CHUNK = 2048;

  static Tensor ids(Arena arena, ModelConfig config, long tokens) {
    Tensor ids = Tensor.allocate(arena, DType.I32, tokens, 1);
    SplittableRandom random = new SplittableRandom(7);
    for (long t = 0; t < tokens; t++) {
      ids.set(t, 0, random.nextInt(config.vocabSize()));
    }
    return ids;
  }

  static Tensor normal(Kernels kernels, Arena arena, long rows, long cols, long seed) {
    Tensor all = kernels.allocate(arena, DType.F32, rows, cols);
    try (Arena host = Arena.ofShared()) {
      Tensor chunk = normalOnHost(host, Math.min(rows, CHUNK), cols, seed);
      for (long t = 0; t < rows; t += chunk.rows()) {
        kernels.copy(chunk, all.rows(t, t + chunk.rows()));
      }
    }
    return all;
  }

  static TorchTensor onDevice(
      Torch torch, Arena arena, ScalarType dtype, Device device, long rows, long cols, long seed) {
    Tensor chunk = normalOnHost(arena, Math.min(rows, CHUNK), cols, seed);
    TorchTensor all = torch.empty(dtype, device, rows, cols);
    try (TorchTensor part =
            TorchTensor.wrap(chunk.data(), ScalarType.FLOAT32, chunk.rows(), chunk.cols());
        TorchTensor rounded = TorchPointwise.to(part, dtype)) {
      for (long t = 0; t < rows; t += chunk.rows()) {
        try (TorchTensor target = all.rows(t, t + chunk.rows())) {
          target.copyFrom(rounded);
        }
      }
    }
    return all;
  }

  private static Tensor normalOnHost(Arena arena, long rows, long cols, long seed) {
    Tensor chunk = Tensor.allocate(arena, DType.F32, rows, cols);
    SplittableRandom random = new SplittableRandom(seed);
    for (long t = 0; t < rows; t++) {
      for (long j = 0; j < cols; j++) {
        chunk.set(t, j, random.nextGaussian());
      }
    }
    return chunk;
  }
}
