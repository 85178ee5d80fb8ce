package dev.homolog.core.kernels.shared;

import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.HeadLayout;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;

/** The shape checks that all kernels share; each throws {@link IllegalArgumentException}. */
public final class ShapeChecks {
  private ShapeChecks() {}

  public static void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out) {
    ids.requireShape("ids", out.rows(), 1);
    requireType("ids", ids, DType.I32);
    W_E.requireShape("W_E", W_E.rows(), out.cols());
    if (W_pos != null) {
      W_pos.requireShape("W_pos", W_pos.rows(), out.cols());
    }
    if (context < 1 || (W_pos != null && context > W_pos.rows()) || out.rows() % context != 0) {
      throw new IllegalArgumentException(
          "context " + context + " with W_pos " + W_pos + " and " + out.rows() + " tokens");
    }
    // Ids on a device were checked when their table was made.
    for (long t = 0; ids.onHost() && t < ids.rows(); t++) {
      double id = ids.get(t, 0);
      if (id < 0 || id >= W_E.rows()) {
        throw new IllegalArgumentException(
            "token id " + (long) id + " at " + t + " with a vocabulary of " + W_E.rows());
      }
    }
  }

  public static void layerNorm(Tensor x, Tensor gain, Tensor bias, Tensor out) {
    out.requireShape("out", x.rows(), x.cols());
    gain.requireShape("gain", 1, x.cols());
    bias.requireShape("bias", 1, x.cols());
  }

  public static void layerNormScale(Tensor x, Tensor scale) {
    scale.requireShape("scale", x.rows(), 1);
    requireType("scale", scale, DType.F64);
  }

  public static void predictions(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    if (adjustment.scale() != null) {
      adjustment.scale().requireShape("scale", logits.rows(), 1);
      requireType("scale", adjustment.scale(), DType.F64);
    }
    if (adjustment.along() != null) {
      adjustment.along().requireShape("along", logits.rows(), 1);
      requireType("along", adjustment.along(), DType.F64);
      adjustment.direction().requireShape("direction", 1, logits.cols());
      requireType("direction", adjustment.direction(), logits.dtype());
    }
    targets.requireShape("targets", logits.rows(), 1);
    requireType("targets", targets, DType.I32);
    out.requireShape("out", logits.rows(), 4);
    requireType("out", out, DType.F64);
    if (weights != null) {
      weights.requireShape("weights", 1, logits.cols());
      requireType("weights", weights, DType.F64);
    }
    for (long t = 0; targets.onHost() && t < targets.rows(); t++) {
      double target = targets.get(t, 0);
      if (target < -1 || target >= logits.cols()) {
        throw new IllegalArgumentException("target " + (long) target + " of " + logits);
      }
    }
  }

  public static void linear(Tensor x, Tensor W, Tensor b, Tensor out) {
    W.requireShape("W", x.cols(), W.cols());
    out.requireShape("out", x.rows(), W.cols());
    if (b != null) {
      b.requireShape("b", 1, W.cols());
    }
  }

  public static void prepare(Tensor W, Tensor transposed) {
    long in = W.rows();
    long out = W.cols();
    transposed.requireShape("transposed", out, in);
    requireContiguous(transposed);
  }

  public static void raiseToProducts(Tensor x, PreparedFactor factor, Tensor scratch, Tensor best) {
    x.requireShape("x", x.rows(), factor.rows());
    scratch.requireShape("scratch", x.rows(), Math.max(factor.rows(), factor.cols()));
    best.requireShape("best", x.rows(), 1);
    requireType("best", best, scratch.dtype());
    requireContiguousRows(x);
    requireContiguous(scratch);
  }

  private static void requireContiguous(Tensor t) {
    if (!t.isContiguous()) {
      throw new IllegalArgumentException("must be contiguous but is " + t);
    }
  }

  public static void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    out.requireShape("out", qkv.rows(), (long) shape.heads() * shape.dHead());
    heads(qkv, shape);
  }

  public static void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin) {
    heads(qkv, shape);
    sin.requireShape("sin", cos.rows(), cos.cols());
    requireType("sin", sin, cos.dtype());
    if (cos.rows() < shape.context() || 2 * cos.cols() > shape.dHead()) {
      throw new IllegalArgumentException("cos " + cos + " with " + shape);
    }
  }

  private static void heads(Tensor qkv, AttentionShape shape) {
    qkv.requireShape("qkv", qkv.rows(), 3L * shape.heads() * shape.dHead());
    HeadLayout layout = shape.layout();
    if (layout.value(shape.heads() - 1) + shape.dHead() > qkv.cols()) {
      throw new IllegalArgumentException(layout + " with " + qkv);
    }
    if (shape.context() < 1 || qkv.rows() % shape.context() != 0) {
      throw new IllegalArgumentException("context " + shape.context() + " with " + qkv);
    }
  }

  public static void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    keep.requireShape("keep", x.rows(), 1);
    requireType("keep", keep, DType.U8);
    mean.requireShape("mean", 1, x.cols());
    scale.requireShape("scale", 1, x.cols());
  }

  public static void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    standardize(x, keep, mean, scale);
    sums.requireShape("sums", 6, x.cols());
    requireType("sums", sums, DType.F64);
  }

  public static void crossProducts(Tensor a, Tensor b, Tensor sum) {
    b.requireShape("b", a.rows(), b.cols());
    sum.requireShape("sum", a.cols(), b.cols());
    requireSums(sum);
  }

  public static void correlations(Tensor sum, Kernels.Columns a, Kernels.Columns b, Tensor r) {
    requireSums(sum);
    requireContiguousRows(sum);
    r.requireShape("r", sum.rows(), sum.cols());
    for (Tensor t : new Tensor[] {a.mean(), a.inverse()}) {
      t.requireShape("a", 1, sum.rows());
      requireType("a", t, DType.F64);
    }
    for (Tensor t : new Tensor[] {b.mean(), b.inverse()}) {
      t.requireShape("b", 1, sum.cols());
      requireType("b", t, DType.F64);
    }
  }

  private static void requireContiguousRows(Tensor t) {
    if (t.colStride() != 1) {
      throw new IllegalArgumentException("must have contiguous rows but is " + t);
    }
  }

  public static void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r) {
    requireSums(sum);
    requireContiguousRows(sum);
    r.requireShape("r", sum.rows(), sum.cols());
    countA.requireShape("countA", 1, sum.rows());
    requireType("countA", countA, DType.F64);
    countB.requireShape("countB", 1, sum.cols());
    requireType("countB", countB, DType.F64);
  }

  public static void firing(Tensor x, Tensor keep) {
    keep.requireShape("keep", x.rows(), 1);
    requireType("keep", keep, DType.U8);
  }

  public static void gatherRows(Tensor x, Tensor rows, Tensor out) {
    rows.requireShape("rows", out.rows(), 1);
    requireType("rows", rows, DType.I32);
    out.requireShape("out", out.rows(), x.cols());
    requireType("out", out, x.dtype());
    for (long i = 0; rows.onHost() && i < rows.rows(); i++) {
      double row = rows.get(i, 0);
      if (row < 0 || row >= x.rows()) {
        throw new IllegalArgumentException("row " + (long) row + " of " + x);
      }
    }
  }

  public static void topK(Tensor x, Tensor values, Tensor columns) {
    values.requireShape("values", x.rows(), values.cols());
    columns.requireShape("columns", x.rows(), values.cols());
    requireType("columns", columns, DType.I32);
  }

  public static void topKOfColumns(Tensor x, int firstRow, Tensor values, Tensor rows) {
    values.requireShape("values", x.cols(), values.cols());
    rows.requireShape("rows", x.cols(), values.cols());
    requireType("rows", rows, DType.I32);
    requireContiguous(values);
    requireContiguous(rows);
    Math.toIntExact(firstRow + x.rows());
  }

  public static void columnHistograms(Tensor x, Tensor counts) {
    counts.requireShape("counts", x.cols(), Math.max(3, counts.cols()));
    requireType("counts", counts, DType.I64);
  }

  public static void classSums(
      Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima) {
    classes.requireShape("classes", x.rows(), 1);
    requireType("classes", classes, DType.I32);
    requireType("columns", columns, DType.I32);
    sums.requireShape("sums", sums.rows(), columns.cols());
    requireType("sums", sums, DType.F64);
    maxima.requireShape("maxima", sums.rows(), columns.cols());
    requireType("maxima", maxima, DType.F32);
  }

  public static void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums) {
    mean.requireShape("mean", 1, x.cols());
    scale.requireShape("scale", 1, x.cols());
    sums.requireShape("sums", sums.rows() / 2 * 2, x.cols());
    requireType("sums", sums, DType.F64);
    pairs(x, rows, classes, sums.rows() / 2);
  }

  public static void addOuter(Tensor column, Tensor row, Tensor to) {
    column.requireShape("column", to.rows(), 1);
    row.requireShape("row", 1, to.cols());
    requireType("column", column, to.dtype());
    requireType("row", row, to.dtype());
    requireContiguousRows(to);
  }

  public static void sketch(Tensor x, Tensor buckets, Tensor signs, Tensor sum) {
    buckets.requireShape("buckets", x.rows(), 1);
    requireType("buckets", buckets, DType.I32);
    signs.requireShape("signs", x.rows(), 1);
    requireType("signs", signs, DType.I8);
    sum.requireShape("sum", sum.rows(), x.cols());
    requireSums(sum);
    requireContiguousRows(sum);
    for (long t = 0; t < x.rows(); t++) {
      double bucket = buckets.get(t, 0);
      double sign = signs.get(t, 0);
      if (bucket < 0 || bucket >= sum.rows() || Math.abs(sign) != 1) {
        throw new IllegalArgumentException(
            "bucket " + (long) bucket + " with sign " + (long) sign + " in " + sum);
      }
    }
  }

  public static void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima) {
    maxima.requireShape("maxima", maxima.rows(), x.cols());
    requireType("maxima", maxima, DType.F32);
    pairs(x, rows, classes, maxima.rows());
  }

  /** Pairs on a device were made by whoever counted the classes. */
  private static void pairs(Tensor x, Tensor rows, Tensor classes, long count) {
    classes.requireShape("classes", rows.rows(), 1);
    rows.requireShape("rows", rows.rows(), 1);
    requireType("rows", rows, DType.I32);
    requireType("classes", classes, DType.I32);
    for (long i = 0; rows.onHost() && classes.onHost() && i < rows.rows(); i++) {
      double row = rows.get(i, 0);
      double classId = classes.get(i, 0);
      if (row < 0 || row >= x.rows() || classId < 0 || classId >= count) {
        throw new IllegalArgumentException(
            "row " + (long) row + " of " + x + " in class " + (long) classId + " of " + count);
      }
    }
  }

  private static void requireSums(Tensor sum) {
    if (sum.dtype() != DType.F32 && sum.dtype() != DType.F64) {
      throw new IllegalArgumentException("sum must be F32 or F64 but is " + sum);
    }
  }

  public static void requireType(String what, Tensor tensor, DType dtype) {
    if (tensor.dtype() != dtype) {
      throw new IllegalArgumentException(what + " must be " + dtype + " but is " + tensor);
    }
  }

  /** Requires F32 of those that are there. */
  public static void requireF32(Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (tensor != null && tensor.dtype() != DType.F32) {
        throw new IllegalArgumentException("must be F32 but is " + tensor);
      }
    }
  }
}
