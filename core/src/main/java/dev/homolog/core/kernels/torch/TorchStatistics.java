package dev.homolog.core.kernels.torch;

import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.TorchOps;
import dev.homolog.bindings.TorchPointwise;
import dev.homolog.bindings.TorchPointwise.Binary;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/** The statistics of {@link TorchKernels} by libtorch's operators, on any device. */
final class TorchStatistics {
  /** Elements of a temporary: 64 MiB in double. */
  static final long TEMPORARY = 8L << 20;

  void layerNormScale(Tensor x, double epsilon, Tensor scale) {
    try (Handles h = new Handles()) {
      TorchTensor c = deviations(h, h.own(TorchPointwise.to(h.of(x), ScalarType.FLOAT64)));
      TorchPointwise.mulInPlace(c, h.own(c.copy()));
      TorchTensor squares = h.own(TorchOps.sum(c, true, 1));
      TorchTensor variance = h.own(TorchPointwise.mul(squares, 1.0 / x.cols()));
      TorchTensor root = h.own(TorchPointwise.add(variance, epsilon));
      TorchPointwise.Unary.SQRT.inPlace(root);
      h.of(scale).copyFrom(root);
    }
  }

  /** x less the mean of each row. */
  private static TorchTensor deviations(Handles h, TorchTensor x) {
    TorchTensor sum = h.own(TorchOps.sum(x, true, 1));
    return h.own(TorchPointwise.sub(x, sum, 1.0 / x.size(1)));
  }

  void predictions(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    long height = Math.clamp(TEMPORARY / Math.max(1, logits.cols()), 1, Math.max(1, logits.rows()));
    for (long t = 0; t < logits.rows(); t += height) {
      long to = Math.min(logits.rows(), t + height);
      Tensor part = out.rows(t, to);
      try (Handles h = new Handles()) {
        TorchTensor x = adjusted(h, logits.rows(t, to), adjustment.rows(t, to));
        TorchTensor ids = h.own(TorchPointwise.to(h.of(targets.rows(t, to)), ScalarType.INT64));
        TorchTensor zero = number(h, ids, 0);
        TorchTensor missing = h.own(Binary.LT.of(ids, zero));
        TorchTensor index = h.own(Binary.MAXIMUM.of(ids, zero));
        TorchTensor logP = h.own(TorchOps.logSoftmax(x, 1));
        TorchTensor p = h.own(TorchPointwise.Unary.EXP.of(logP));
        TorchTensor loss = h.own(TorchPointwise.mul(h.own(TorchOps.gather(logP, 1, index)), -1));
        TorchPointwise.maskedFillInPlace(loss, missing, Double.NaN);
        h.of(part.columns(0, 1)).copyFrom(loss);
        TorchTensor terms = h.own(TorchPointwise.mul(p, logP));
        TorchTensor entropy = h.own(TorchOps.sum(terms, true, 1));
        TorchPointwise.mulInPlace(entropy, -1);
        h.of(part.columns(1, 2)).copyFrom(entropy);
        TorchTensor above = h.own(Binary.GT.of(x, h.own(TorchOps.gather(x, 1, index))));
        TorchTensor ones = h.own(TorchPointwise.to(above, ScalarType.FLOAT64));
        TorchTensor rank = h.own(TorchOps.sum(ones, true, 1));
        TorchPointwise.maskedFillInPlace(rank, missing, Double.NaN);
        h.of(part.columns(2, 3)).copyFrom(rank);
        if (weights == null) {
          h.of(part.columns(3, 4)).fill(0);
        } else {
          TorchPointwise.mulInPlace(p, h.vector(weights));
          h.of(part.columns(3, 4)).copyFrom(h.own(TorchOps.sum(p, true, 1)));
        }
      }
    }
  }

  /** Logits in double; what libtorch multiplies by 1, and adds 0 to, stays as it is. */
  private static TorchTensor adjusted(Handles h, Tensor logits, LogitAdjustment by) {
    TorchTensor x = h.own(TorchPointwise.to(h.of(logits), ScalarType.FLOAT64));
    if (by.scale() != null) {
      x = h.own(TorchPointwise.mul(x, h.of(by.scale())));
    }
    if (by.along() != null) {
      try (Handles scratch = new Handles()) {
        TorchTensor direction =
            scratch.own(TorchPointwise.to(scratch.of(by.direction()), ScalarType.FLOAT64));
        TorchTensor moved = scratch.own(TorchPointwise.mul(direction, scratch.of(by.along())));
        x = h.own(TorchPointwise.add(x, moved, 1));
      }
    }
    return x;
  }

  void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    long width = Math.clamp(TEMPORARY / Math.max(1, x.rows()), 1, Math.max(1, x.cols()));
    for (long j = 0; j < x.cols(); j += width) {
      long to = Math.min(x.cols(), j + width);
      try (Handles h = new Handles()) {
        TorchTensor values = h.of(x.columns(j, to));
        TorchTensor kept = kept(h, keep);
        TorchTensor dropped = h.own(TorchPointwise.Unary.LOGICAL_NOT.of(kept));
        TorchTensor z = centred(h, values, mean.columns(j, to), scale.columns(j, to));
        TorchPointwise.maskedFillInPlace(z, dropped, 0);
        TorchTensor one = h.own(TorchPointwise.to(z, ScalarType.FLOAT64));
        TorchTensor power = h.own(one.copy());
        Tensor part = sums.columns(j, to);
        for (int p = 0; p < 4; p++) {
          if (p > 0) {
            TorchPointwise.mulInPlace(power, one);
          }
          TorchTensor sum = h.own(TorchOps.sum(power, true, 0));
          TorchPointwise.addInPlace(h.of(part.rows(p, p + 1)), sum, 1);
        }
        TorchTensor raw = h.own(TorchPointwise.to(values, ScalarType.FLOAT64));
        TorchPointwise.maskedFillInPlace(raw, dropped, Double.POSITIVE_INFINITY);
        TorchTensor least = h.own(TorchOps.amin(raw, true, 0));
        TorchPointwise.maskedFillInPlace(raw, dropped, Double.NEGATIVE_INFINITY);
        TorchTensor greatest = h.own(TorchOps.amax(raw, true, 0));
        replace(h, part.rows(4, 5), least, Binary.MINIMUM);
        replace(h, part.rows(5, 6), greatest, Binary.MAXIMUM);
      }
    }
  }

  private static void replace(Handles h, Tensor sums, TorchTensor by, Binary choice) {
    TorchTensor target = h.of(sums);
    target.copyFrom(h.own(choice.of(target, by)));
  }

  void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    long height = Math.clamp(TEMPORARY / Math.max(1, x.cols()), 1, Math.max(1, x.rows()));
    for (long t = 0; t < x.rows(); t += height) {
      long to = Math.min(x.rows(), t + height);
      try (Handles h = new Handles()) {
        TorchTensor values = h.of(x.rows(t, to));
        TorchTensor z = centred(h, values, mean, scale);
        TorchTensor kept = kept(h, keep.rows(t, to));
        TorchPointwise.maskedFillInPlace(z, h.own(TorchPointwise.Unary.LOGICAL_NOT.of(kept)), 0);
        values.copyFrom(z);
      }
    }
  }

  void firing(Tensor x, Tensor keep) {
    long height = Math.clamp(TEMPORARY / Math.max(1, x.cols()), 1, Math.max(1, x.rows()));
    for (long t = 0; t < x.rows(); t += height) {
      long to = Math.min(x.rows(), t + height);
      try (Handles h = new Handles()) {
        TorchTensor values = h.of(x.rows(t, to));
        TorchTensor above = h.own(Binary.GT.of(values, number(h, values, 0)));
        values.copyFrom(h.own(Binary.LOGICAL_AND.of(above, kept(h, keep.rows(t, to)))));
      }
    }
  }

  void gatherRows(Tensor x, Tensor rows, Tensor out) {
    try (Handles h = new Handles()) {
      TorchTensor index = h.of(rows);
      TorchTensor list =
          h.own(index.view(new long[] {rows.rows()}, new long[] {rows.rowStride()}, 0));
      h.of(out).copyFrom(h.own(TorchOps.indexSelect(h.of(x), 0, list)));
    }
  }

  void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r) {
    try (Handles h = new Handles()) {
      TorchTensor shared = doubles(h, sum);
      TorchTensor both = h.own(TorchPointwise.add(h.of(countA.transposed()), h.of(countB), 1));
      TorchPointwise.addInPlace(both, shared, -1);
      h.of(r).copyFrom(h.own(TorchPointwise.div(shared, both)));
    }
  }

  private static TorchTensor doubles(Handles h, Tensor sum) {
    TorchTensor tensor = h.of(sum);
    return sum.dtype() == DType.F64 ? tensor : h.own(TorchPointwise.to(tensor, ScalarType.FLOAT64));
  }

  /** (x − mean) · scale, in single precision as all kernels do it. */
  private static TorchTensor centred(Handles h, TorchTensor x, Tensor mean, Tensor scale) {
    TorchTensor z = h.own(TorchPointwise.sub(x, h.of(mean), 1));
    TorchPointwise.mulInPlace(z, h.of(scale));
    return z;
  }

  /** Bools [T, 1]. */
  private static TorchTensor kept(Handles h, Tensor keep) {
    return h.own(TorchPointwise.to(h.of(keep), ScalarType.BOOL));
  }

  void correlations(Tensor sum, long n, Kernels.Columns a, Kernels.Columns b, Tensor r) {
    try (Handles h = new Handles()) {
      TorchTensor covariance = h.own(TorchPointwise.mul(doubles(h, sum), 1.0 / n));
      TorchTensor meanA = h.of(a.mean().transposed());
      TorchTensor means = h.own(TorchPointwise.mul(meanA, h.of(b.mean())));
      TorchPointwise.addInPlace(covariance, means, -1);
      TorchPointwise.mulInPlace(covariance, h.of(a.inverse().transposed()));
      TorchPointwise.mulInPlace(covariance, h.of(b.inverse()));
      TorchTensor bound = number(h, covariance, 1);
      TorchTensor below = h.own(Binary.MINIMUM.of(covariance, bound));
      TorchTensor lower = number(h, covariance, -1);
      h.of(r).copyFrom(h.own(Binary.MAXIMUM.of(below, lower)));
    }
  }

  /** A tensor [1] of the like's dtype and device. */
  static TorchTensor number(Handles h, TorchTensor like, double value) {
    try (Arena arena = Arena.ofConfined()) {
      Tensor host = Tensor.allocate(arena, DType.F64, 1, 1);
      host.set(0, 0, value);
      try (Handles scratch = new Handles()) {
        TorchTensor one = scratch.vector(host);
        return h.own(TorchPointwise.to(one, like.dtype(), like.device()));
      }
    }
  }

  /** By a stable sort, which alone settles ties by the column. */
  void topK(Tensor x, boolean greatest, Tensor values, Tensor columns) {
    long k = Math.min(values.cols(), x.cols());
    double none = greatest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    try (Handles h = new Handles()) {
      TorchTensor clean = numbers(h, x, none);
      TorchTensor[] sorted = h.own(TorchOps.sort(clean, 1, greatest));
      TorchTensor best = h.own(h.own(sorted[0].columns(0, k)).copy());
      TorchTensor indices = h.own(h.own(sorted[1].columns(0, k)).copy());
      TorchTensor absent = h.own(Binary.EQ.of(best, number(h, best, none)));
      TorchPointwise.maskedFillInPlace(best, absent, Double.NaN);
      TorchPointwise.maskedFillInPlace(indices, absent, -1);
      h.of(values.columns(0, k)).copyFrom(best);
      h.of(columns.columns(0, k)).copyFrom(indices);
      if (k < values.cols()) {
        h.of(values.columns(k, values.cols())).fill(Double.NaN);
        h.of(columns.columns(k, values.cols())).fill(-1);
      }
    }
  }

  /** Sorts the block behind what is known, and keeps the first k; some columns at a time. */
  void topKOfColumns(Tensor x, int firstRow, boolean greatest, Tensor values, Tensor rows) {
    long width = Math.clamp(TEMPORARY / (values.cols() + x.rows()), 1, Math.max(1, x.cols()));
    for (long j = 0; j < x.cols(); j += width) {
      long to = Math.min(x.cols(), j + width);
      addToTopK(x.columns(j, to), firstRow, greatest, values.rows(j, to), rows.rows(j, to));
    }
  }

  private static void addToTopK(
      Tensor x, int firstRow, boolean greatest, Tensor values, Tensor rows) {
    long k = values.cols();
    double none = greatest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    try (Handles h = new Handles()) {
      TorchTensor all = h.own(TorchOps.cat(1, h.of(values), h.own(h.of(x).t())));
      TorchPointwise.maskedFillInPlace(all, h.own(Binary.NE.of(all, all)), none);
      TorchTensor[] sorted = h.own(TorchOps.sort(all, 1, greatest));
      TorchTensor best = h.own(h.own(sorted[0].columns(0, k)).copy());
      TorchTensor place = h.own(h.own(sorted[1].columns(0, k)).copy());
      // In double, which holds every row: libtorch adds to integers in single precision.
      TorchTensor known = h.own(TorchPointwise.to(h.of(rows), ScalarType.FLOAT64));
      TorchTensor among = h.own(Binary.MINIMUM.of(place, number(h, place, k - 1.0)));
      TorchTensor before = h.own(TorchOps.gather(known, 1, among));
      TorchTensor inBlock = h.own(TorchPointwise.to(place, ScalarType.FLOAT64));
      TorchPointwise.addInPlace(inBlock, number(h, inBlock, firstRow - k), 1);
      TorchTensor isNew = h.own(Binary.GE.of(place, number(h, place, k)));
      TorchTensor indices = h.own(TorchPointwise.where(isNew, inBlock, before));
      TorchTensor absent = h.own(Binary.EQ.of(best, number(h, best, none)));
      TorchPointwise.maskedFillInPlace(best, absent, Double.NaN);
      TorchPointwise.maskedFillInPlace(indices, absent, -1);
      h.of(values).copyFrom(best);
      h.of(rows).copyFrom(indices);
    }
  }

  /** best[i] = max(best[i], x[i, j] for all j), NaN passed over. */
  void raiseToGreatest(Tensor x, Tensor best) {
    try (Handles h = new Handles()) {
      double least = Double.NEGATIVE_INFINITY;
      TorchTensor row = h.own(TorchOps.amax(numbers(h, x, least), true, 1));
      TorchTensor greatest = h.own(Binary.MAXIMUM.of(numbers(h, best, least), row));
      TorchTensor absent = h.own(Binary.EQ.of(greatest, number(h, greatest, least)));
      TorchPointwise.maskedFillInPlace(greatest, absent, Double.NaN);
      h.of(best).copyFrom(greatest);
    }
  }

  /** A copy in single precision with another number for NaN. */
  private static TorchTensor numbers(Handles h, Tensor x, double none) {
    TorchTensor clean = h.own(TorchPointwise.to(h.of(x), ScalarType.FLOAT32));
    TorchPointwise.maskedFillInPlace(clean, h.own(Binary.NE.of(clean, clean)), none);
    return clean;
  }

  void histogram(Tensor x, double low, double high, Tensor counts) {
    long bins = counts.cols();
    try (Handles h = new Handles()) {
      TorchTensor values = h.own(TorchPointwise.to(h.of(x), ScalarType.FLOAT64));
      TorchTensor above = h.own(Binary.GE.of(values, number(h, values, low)));
      TorchTensor below = h.own(Binary.LE.of(values, number(h, values, high)));
      TorchTensor inside = h.own(Binary.LOGICAL_AND.of(above, below));
      TorchTensor outside = h.own(TorchPointwise.Unary.LOGICAL_NOT.of(inside));
      TorchTensor place = h.own(TorchPointwise.sub(values, number(h, values, low), 1));
      TorchPointwise.mulInPlace(place, bins / (high - low));
      TorchTensor last = h.own(Binary.MINIMUM.of(place, number(h, place, bins - 1)));
      // What lies outside is counted in a bin of its own, which is left out.
      TorchPointwise.maskedFillInPlace(last, outside, bins);
      TorchTensor bin = h.own(TorchPointwise.to(last, ScalarType.INT64));
      long n = x.size();
      TorchTensor flat = h.own(h.own(bin.copy()).reshape(n));
      TorchTensor counted = h.own(h.own(number(h, values, 0).expand(bins + 1)).copy());
      TorchTensor ones = h.own(number(h, values, 1).expand(n));
      TorchOps.scatterAddInPlace(counted, 0, flat, ones);
      TorchTensor total = h.own(TorchPointwise.to(h.vector(counts), ScalarType.FLOAT64));
      TorchPointwise.addInPlace(total, h.own(counted.slice(0, 0, bins)), 1);
      h.vector(counts).copyFrom(total);
    }
  }

  void columnHistograms(Tensor x, double low, double high, Tensor counts) {
    long bins = counts.cols() - 2;
    long width = Math.clamp(TEMPORARY / Math.max(1, x.rows()), 1, Math.max(1, x.cols()));
    for (long j = 0; j < x.cols(); j += width) {
      long to = Math.min(x.cols(), j + width);
      try (Handles h = new Handles()) {
        TorchTensor values = h.own(TorchPointwise.to(h.of(x.columns(j, to)), ScalarType.FLOAT64));
        TorchTensor below = h.own(Binary.LT.of(values, number(h, values, low)));
        TorchTensor above = h.own(Binary.GE.of(values, number(h, values, high)));
        TorchTensor missing = h.own(Binary.NE.of(values, values));
        TorchTensor place = h.own(TorchPointwise.sub(values, number(h, values, low), 1));
        TorchPointwise.mulInPlace(place, bins / (high - low));
        // Rounding may put a value just under high a bin too far.
        TorchTensor inside = h.own(Binary.MINIMUM.of(place, number(h, place, bins - 0.5)));
        TorchTensor bin = h.own(TorchPointwise.add(inside, 1));
        TorchPointwise.maskedFillInPlace(bin, below, 0);
        TorchPointwise.maskedFillInPlace(bin, above, bins + 1);
        // NaN is counted in a bin of its own, which is left out.
        TorchPointwise.maskedFillInPlace(bin, missing, bins + 2);
        TorchTensor index = h.own(h.own(TorchPointwise.to(bin, ScalarType.INT64)).t());
        TorchTensor counted = h.own(h.own(number(h, values, 0).expand(to - j, bins + 3)).copy());
        TorchTensor ones = h.own(number(h, values, 1).expand(to - j, x.rows()));
        TorchOps.scatterAddInPlace(counted, 1, h.own(index.copy()), ones);
        Tensor part = counts.rows(j, to);
        TorchTensor total = h.own(TorchPointwise.to(h.of(part), ScalarType.FLOAT64));
        TorchPointwise.addInPlace(total, h.own(counted.columns(0, bins + 2)), 1);
        h.of(part).copyFrom(total);
      }
    }
  }

  void rowPowerSums(Tensor x, Tensor sums) {
    try (Handles h = new Handles()) {
      TorchTensor values = h.own(TorchPointwise.to(h.of(x), ScalarType.FLOAT64));
      TorchTensor present = h.own(Binary.EQ.of(values, values));
      TorchTensor missing = h.own(TorchPointwise.Unary.LOGICAL_NOT.of(present));
      TorchPointwise.maskedFillInPlace(values, missing, 0);
      TorchTensor power = h.own(TorchPointwise.to(present, ScalarType.FLOAT64));
      for (int p = 0; p < 5; p++) {
        if (p > 0) {
          TorchPointwise.mulInPlace(power, values);
        }
        TorchTensor sum = h.own(TorchOps.sum(power, true, 1));
        TorchPointwise.addInPlace(h.of(sums.columns(p, p + 1)), sum, 1);
      }
    }
  }

  void classSums(Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima) {
    long tokens = x.rows();
    long k = columns.cols();
    try (Handles h = new Handles()) {
      TorchTensor chosen = h.own(TorchOps.indexSelect(h.of(x), 1, h.vector(columns)));
      TorchTensor ids = h.own(TorchPointwise.to(h.of(classes), ScalarType.INT64));
      TorchTensor index = h.own(h.own(ids.expand(tokens, k)).copy());
      TorchTensor wide = h.own(TorchPointwise.to(chosen, ScalarType.FLOAT64));
      TorchOps.scatterAddInPlace(h.of(sums), 0, index, wide);
      TorchOps.scatterMaxInPlace(h.of(maxima), 0, index, chosen);
    }
  }

  void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums) {
    if (rows.rows() == 0) {
      return;
    }
    long half = sums.rows() / 2;
    long width = width(x, rows);
    for (long j = 0; j < x.cols(); j += width) {
      long to = Math.min(x.cols(), j + width);
      try (Handles h = new Handles()) {
        TorchTensor z =
            centred(h, h.of(x.columns(j, to)), mean.columns(j, to), scale.columns(j, to));
        TorchTensor taken = h.own(TorchOps.indexSelect(z, 0, h.vector(rows.transposed())));
        TorchTensor power = h.own(TorchPointwise.to(taken, ScalarType.FLOAT64));
        TorchTensor index = wide(h, classes, to - j);
        TorchOps.scatterAddInPlace(h.of(sums.rows(0, half).columns(j, to)), 0, index, power);
        TorchPointwise.mulInPlace(power, power);
        TorchOps.scatterAddInPlace(h.of(sums.rows(half, 2 * half).columns(j, to)), 0, index, power);
      }
    }
  }

  void addOuter(Tensor column, Tensor row, Tensor to) {
    long height = Math.clamp(TEMPORARY / Math.max(1, to.cols()), 1, Math.max(1, to.rows()));
    for (long i = 0; i < to.rows(); i += height) {
      long end = Math.min(to.rows(), i + height);
      try (Handles h = new Handles()) {
        TorchTensor outer = h.own(TorchPointwise.mul(h.of(column.rows(i, end)), h.of(row)));
        TorchPointwise.addInPlace(h.of(to.rows(i, end)), outer, 1);
      }
    }
  }

  /** sum[buckets[i]] += signs[i] x[rows[i]], the buckets all different. */
  void addRows(Tensor x, Tensor rows, Tensor buckets, Tensor signs, Tensor sum) {
    long width = width(x, rows);
    for (long j = 0; j < x.cols(); j += width) {
      long to = Math.min(x.cols(), j + width);
      try (Handles h = new Handles()) {
        TorchTensor values = h.of(x.columns(j, to));
        TorchTensor taken = h.own(TorchOps.indexSelect(values, 0, h.vector(rows.transposed())));
        TorchTensor signed = h.own(TorchPointwise.mul(taken, h.of(signs)));
        TorchTensor added = doubled(h, signed, sum.dtype());
        TorchOps.scatterAddInPlace(h.of(sum.columns(j, to)), 0, wide(h, buckets, to - j), added);
      }
    }
  }

  private static TorchTensor doubled(Handles h, TorchTensor x, DType type) {
    return type == DType.F64 ? h.own(TorchPointwise.to(x, ScalarType.FLOAT64)) : x;
  }

  void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima) {
    if (rows.rows() == 0) {
      return;
    }
    long width = width(x, rows);
    for (long j = 0; j < x.cols(); j += width) {
      long to = Math.min(x.cols(), j + width);
      try (Handles h = new Handles()) {
        TorchTensor values = h.of(x.columns(j, to));
        TorchTensor taken = h.own(TorchOps.indexSelect(values, 0, h.vector(rows.transposed())));
        TorchTensor index = wide(h, classes, to - j);
        TorchOps.scatterMaxInPlace(h.of(maxima.columns(j, to)), 0, index, taken);
      }
    }
  }

  /** Columns done at once, so that a temporary of all pairs is no larger than others are. */
  private static long width(Tensor x, Tensor rows) {
    return Math.clamp(TEMPORARY / Math.max(rows.rows(), x.rows()), 1, Math.max(1, x.cols()));
  }

  /** A class for each of that many columns, as scattering wants it. */
  private static TorchTensor wide(Handles h, Tensor classes, long columns) {
    TorchTensor ids = h.own(TorchPointwise.to(h.of(classes), ScalarType.INT64));
    return h.own(h.own(ids.expand(classes.rows(), columns)).copy());
  }
}
