package dev.homolog.core.kernels.vector;

import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;

/** Attention and rotary positions of all heads over all rows of a batch, among workers. */
final class VectorHeads {
  private final Workers workers;
  private final VectorAttention[] ofWorker;

  VectorHeads(Workers workers) {
    this.workers = workers;
    this.ofWorker = new VectorAttention[workers.threads()];
  }

  /** As {@link Kernels#rotate}, on the host. */
  void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin) {
    int rows = Math.toIntExact(qkv.rows() / shape.context());
    workers.run(
        Math.multiplyExact(rows, shape.heads()),
        (worker, piece) -> {
          long first = (long) (piece / shape.heads()) * shape.context();
          Tensor row = qkv.rows(first, first + shape.context());
          int h = piece % shape.heads();
          float[] line = workers.line(worker, 4 * (int) cos.cols());
          rotate(row, shape.layout().query(h), cos, sin, line);
          rotate(row, shape.layout().key(h), cos, sin, line);
        });
  }

  /** The heads' dimensions from a column on, of one row of the batch; a position after another. */
  private static void rotate(Tensor row, int column, Tensor cos, Tensor sin, float[] line) {
    int pairs = (int) cos.cols();
    for (long p = 0; p < row.rows(); p++) {
      Packing.row(row, p, column, 2 * pairs, line, 0);
      Packing.row(cos, p, 0, pairs, line, 2 * pairs);
      Packing.row(sin, p, 0, pairs, line, 3 * pairs);
      for (int i = 0; i < pairs; i++) {
        float x = line[i];
        float y = line[pairs + i];
        float c = line[2 * pairs + i];
        float s = line[3 * pairs + i];
        line[i] = x * c - y * s;
        line[pairs + i] = y * c + x * s;
      }
      Packing.store(line, 0, 2 * pairs, row, p, column);
    }
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
