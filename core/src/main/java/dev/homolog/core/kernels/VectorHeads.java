package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;

/** Attention of all heads over all rows of a batch, shared out among workers. */
final class VectorHeads {
  private final Workers workers;
  private final VectorAttention[] ofWorker;

  VectorHeads(Workers workers) {
    this.workers = workers;
    this.ofWorker = new VectorAttention[workers.threads()];
  }

  /** As {@link Kernels#attention}, on the host. */
  void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    int rows = Math.toIntExact(out.rows() / shape.context());
    workers.run(
        Math.multiplyExact(rows, shape.heads()),
        (worker, piece) -> {
          if (ofWorker[worker] == null || !ofWorker[worker].fits(shape)) {
            ofWorker[worker] = new VectorAttention(shape);
          }
          long first = (long) (piece / shape.heads()) * shape.context();
          ofWorker[worker].head(qkv, first, piece % shape.heads(), out);
        });
  }
}
