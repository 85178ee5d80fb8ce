package dev.homolog.core.kernels.vector;

import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.kernels.shared.Factor;
import dev.homolog.core.kernels.shared.HostMemory;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/**
 * Everything on the CPU with the Vector API, without native code. Weights are read where they are
 * mapped, whatever their type. Needs {@code --add-modules jdk.incubator.vector}.
 */
public final class VectorKernels extends HostKernels {
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(Packing.ORDER);

  /** Kernels on that many threads, the caller's among them. */
  public VectorKernels(int threads) {
    super(threads);
  }

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public String numerics() {
    return "vector: Java Vector API, "
        + Tile.SPECIES.vectorBitSize()
        + "-bit, tile "
        + Tile.ROWS
        + " x "
        + Tile.COLS;
  }

  @Override
  public String description() {
    return numerics()
        + ", "
        + workers.threads()
        + (workers.threads() == 1 ? " thread" : " threads")
        + ", fp32 with fp64 sums";
  }

  @Override
  public Tensor weight(Arena arena, StoredTensor stored, long rows, long cols) {
    return Tensor.wrap(stored.data(), stored.dtype(), rows, cols);
  }

  @Override
  public void add(Tensor from, Tensor to) {
    HostMemory.add(from, to);
  }

  @Override
  public void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out) {
    ShapeChecks.embed(ids, context, W_E, W_pos, out);
    ShapeChecks.requireF32(out);
    int d = (int) out.cols();
    forRows(
        out.rows(),
        (worker, from, to) -> {
          float[] line = workers.line(worker, 2 * d);
          for (long t = from; t < to; t++) {
            Packing.row(W_E, ids.data().get(I32, ids.offset(t, 0)), 0, d, line, 0);
            if (W_pos != null) {
              Packing.row(W_pos, t % context, 0, d, line, d);
              for (int i = 0; i < d; i++) {
                line[i] += line[d + i];
              }
            }
            Packing.store(line, 0, d, out, t, 0);
          }
        });
  }

  @Override
  public void linear(Tensor x, Tensor W, Tensor b, Tensor out) {
    ShapeChecks.linear(x, W, b, out);
    ShapeChecks.requireF32(out);
    linear(x, W, b, false, null, null, out);
  }

  @Override
  public void addLinear(Tensor x, Tensor W, Tensor b, Tensor out) {
    ShapeChecks.linear(x, W, b, out);
    ShapeChecks.requireF32(out);
    linear(x, W, b, true, null, null, out);
  }

  @Override
  public void crossProducts(Tensor a, Tensor b, Tensor sum) {
    ShapeChecks.crossProducts(a, b, sum);
    gemm.transposed(a, b, false, new SumTarget(sum));
  }

  @Override
  public PreparedFactor prepare(Arena arena, Tensor W, Tensor transposed) {
    ShapeChecks.prepare(W, transposed);
    return new Factor(W);
  }

  @Override
  public void raiseToProducts(Tensor x, PreparedFactor factor, Tensor scratch, Tensor best) {
    ShapeChecks.raiseToProducts(x, factor, scratch, best);
    ShapeChecks.requireF32(best);
    Tensor products = scratch.columns(0, factor.cols());
    linear(x, Factor.of(factor).W(), null, products);
    maxima().raise(products, best);
  }
}
