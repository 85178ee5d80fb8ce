package dev.homolog.core.kernels.scalar;

import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.LogitAdjustment;
import dev.homolog.core.kernels.PreparedFactor;
import dev.homolog.core.kernels.shared.Factor;
import dev.homolog.core.kernels.shared.HostMemory;
import dev.homolog.core.kernels.shared.ShapeChecks;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;

/**
 * Plain loops in double precision on one thread: the oracle that the other kernels are tested
 * against. It reads like the definitions and is slow.
 */
public final class ScalarKernels implements Kernels {

  /** The oracle; it holds nothing. */
  public ScalarKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public String description() {
    return "scalar: plain Java loops, 1 thread, fp64";
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public String numerics() {
    return "scalar, fp64";
  }

  @Override
  public String precision() {
    return "fp64";
  }

  @Override
  public DType working() {
    return DType.F64;
  }

  @Override
  public Tensor allocate(Arena arena, DType dtype, long rows, long cols) {
    return Tensor.allocate(arena, dtype, rows, cols);
  }

  @Override
  public Tensor weight(Arena arena, StoredTensor stored, long rows, long cols) {
    return Tensor.wrap(stored.data(), stored.dtype(), rows, cols);
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    HostMemory.copy(from, to);
  }

  @Override
  public void add(Tensor from, Tensor to) {
    HostMemory.add(from, to);
  }

  @Override
  public void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out) {
    ShapeChecks.embed(ids, context, W_E, W_pos, out);
    for (long t = 0; t < out.rows(); t++) {
      long id = (long) ids.get(t, 0);
      for (long i = 0; i < out.cols(); i++) {
        out.set(t, i, W_E.get(id, i) + (W_pos == null ? 0 : W_pos.get(t % context, i)));
      }
    }
  }

  @Override
  public void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out) {
    ShapeChecks.layerNorm(x, gain, bias, out);
    for (long t = 0; t < x.rows(); t++) {
      normalize(x, t, 1 / scale(x, t, epsilon), gain, bias, out);
    }
  }

  @Override
  public void layerNormScale(Tensor x, double epsilon, Tensor scale) {
    ShapeChecks.layerNormScale(x, scale);
    for (long t = 0; t < x.rows(); t++) {
      scale.set(t, 0, scale(x, t, epsilon));
    }
  }

  private static double mean(Tensor x, long t) {
    double mean = 0;
    for (long i = 0; i < x.cols(); i++) {
      mean += x.get(t, i) / x.cols();
    }
    return mean;
  }

  private static double scale(Tensor x, long t, double epsilon) {
    double mean = mean(x, t);
    double variance = 0;
    for (long i = 0; i < x.cols(); i++) {
      double c = x.get(t, i) - mean;
      variance += c * c / x.cols();
    }
    return Math.sqrt(variance + epsilon);
  }

  private static void normalize(
      Tensor x, long t, double inverse, Tensor gain, Tensor bias, Tensor out) {
    double mean = mean(x, t);
    for (long i = 0; i < x.cols(); i++) {
      out.set(t, i, (x.get(t, i) - mean) * inverse * gain.get(0, i) + bias.get(0, i));
    }
  }

  @Override
  public void linear(Tensor x, Tensor W, Tensor b, Tensor out) {
    ShapeChecks.linear(x, W, b, out);
    product(x, W, b, out, false);
  }

  @Override
  public void addLinear(Tensor x, Tensor W, Tensor b, Tensor out) {
    ShapeChecks.linear(x, W, b, out);
    product(x, W, b, out, true);
  }

  @Override
  public void linearActivate(Tensor x, Tensor W, Tensor b, Activation f, Tensor pre, Tensor post) {
    ShapeChecks.linear(x, W, b, post);
    product(x, W, b, post, false);
    for (long t = 0; t < post.rows(); t++) {
      for (long j = 0; j < post.cols(); j++) {
        double value = post.get(t, j);
        if (pre != null) {
          pre.set(t, j, value);
        }
        post.set(t, j, ScalarMath.activate(f, value));
      }
    }
  }

  private static void product(Tensor x, Tensor W, Tensor b, Tensor out, boolean add) {
    for (long t = 0; t < out.rows(); t++) {
      for (long j = 0; j < out.cols(); j++) {
        double sum = b == null ? 0 : b.get(0, j);
        for (long i = 0; i < x.cols(); i++) {
          sum += x.get(t, i) * W.get(i, j);
        }
        out.set(t, j, add ? out.get(t, j) + sum : sum);
      }
    }
  }

  @Override
  public void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin) {
    ShapeChecks.rotate(qkv, shape, cos, sin);
    long pairs = cos.cols();
    for (long t = 0; t < qkv.rows(); t++) {
      long p = t % shape.context();
      for (int h = 0; h < shape.heads(); h++) {
        for (int first : new int[] {shape.layout().query(h), shape.layout().key(h)}) {
          for (long i = 0; i < pairs; i++) {
            double x = qkv.get(t, first + i);
            double y = qkv.get(t, first + pairs + i);
            qkv.set(t, first + i, x * cos.get(p, i) - y * sin.get(p, i));
            qkv.set(t, first + pairs + i, y * cos.get(p, i) + x * sin.get(p, i));
          }
        }
      }
    }
  }

  @Override
  public void attention(Tensor qkv, AttentionShape shape, Tensor out) {
    ShapeChecks.attention(qkv, shape, out);
    double[] p = new double[shape.context()];
    for (long first = 0; first < out.rows(); first += shape.context()) {
      for (int h = 0; h < shape.heads(); h++) {
        long q = shape.layout().query(h);
        long k = shape.layout().key(h);
        long v = shape.layout().value(h);
        long to = (long) h * shape.dHead();
        for (int i = 0; i < shape.context(); i++) {
          double greatest = Double.NEGATIVE_INFINITY;
          for (int j = 0; j <= i; j++) {
            double score = 0;
            for (int e = 0; e < shape.dHead(); e++) {
              score += qkv.get(first + i, q + e) * qkv.get(first + j, k + e);
            }
            p[j] = score * shape.scale();
            greatest = Math.max(greatest, p[j]);
          }
          double total = 0;
          for (int j = 0; j <= i; j++) {
            p[j] = Math.exp(p[j] - greatest);
            total += p[j];
          }
          for (int e = 0; e < shape.dHead(); e++) {
            double z = 0;
            for (int j = 0; j <= i; j++) {
              z += p[j] / total * qkv.get(first + j, v + e);
            }
            out.set(first + i, to + e, z);
          }
        }
      }
    }
  }

  @Override
  public void predictions(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out) {
    ScalarPredictions.of(logits, adjustment, targets, weights, out);
  }

  @Override
  public void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.powerSums(x, keep, mean, scale, sums);
    for (long t = 0; t < x.rows(); t++) {
      if (keep.get(t, 0) == 0) {
        continue;
      }
      for (long j = 0; j < x.cols(); j++) {
        double value = x.get(t, j);
        double z = (value - mean.get(0, j)) * scale.get(0, j);
        double power = 1;
        for (int p = 0; p < 4; p++) {
          power *= z;
          sums.set(p, j, sums.get(p, j) + power);
        }
        sums.set(4, j, Math.min(sums.get(4, j), value));
        sums.set(5, j, Math.max(sums.get(5, j), value));
      }
    }
  }

  @Override
  public void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale) {
    ShapeChecks.standardize(x, keep, mean, scale);
    for (long t = 0; t < x.rows(); t++) {
      boolean kept = keep.get(t, 0) != 0;
      for (long j = 0; j < x.cols(); j++) {
        x.set(t, j, kept ? (x.get(t, j) - mean.get(0, j)) * scale.get(0, j) : 0);
      }
    }
  }

  @Override
  public void firing(Tensor x, Tensor keep) {
    ShapeChecks.firing(x, keep);
    for (long t = 0; t < x.rows(); t++) {
      for (long j = 0; j < x.cols(); j++) {
        x.set(t, j, keep.get(t, 0) != 0 && x.get(t, j) > 0 ? 1 : 0);
      }
    }
  }

  @Override
  public void gatherRows(Tensor x, Tensor rows, Tensor out) {
    ShapeChecks.gatherRows(x, rows, out);
    for (long i = 0; i < out.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        out.set(i, j, x.get((long) rows.get(i, 0), j));
      }
    }
  }

  @Override
  public void crossProducts(Tensor a, Tensor b, Tensor sum) {
    ShapeChecks.crossProducts(a, b, sum);
    for (long i = 0; i < sum.rows(); i++) {
      for (long j = 0; j < sum.cols(); j++) {
        double total = 0;
        for (long t = 0; t < a.rows(); t++) {
          total += a.get(t, i) * b.get(t, j);
        }
        sum.set(i, j, sum.get(i, j) + total);
      }
    }
  }

  @Override
  public void gram(Tensor a, Tensor sum) {
    crossProducts(a, a, sum);
  }

  @Override
  public void correlations(Tensor sum, long n, Columns a, Columns b, Tensor r) {
    ShapeChecks.correlations(sum, a, b, r);
    for (long i = 0; i < r.rows(); i++) {
      for (long j = 0; j < r.cols(); j++) {
        double covariance = sum.get(i, j) / n - a.mean().get(0, i) * b.mean().get(0, j);
        double value = covariance * a.inverse().get(0, i) * b.inverse().get(0, j);
        r.set(i, j, Math.max(-1, Math.min(1, value)));
      }
    }
  }

  @Override
  public void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r) {
    ShapeChecks.overlaps(sum, countA, countB, r);
    for (long i = 0; i < r.rows(); i++) {
      for (long j = 0; j < r.cols(); j++) {
        double shared = sum.get(i, j);
        r.set(i, j, shared / (countA.get(0, i) + countB.get(0, j) - shared));
      }
    }
  }

  @Override
  public PreparedFactor prepare(Arena arena, Tensor W, Tensor transposed) {
    ShapeChecks.prepare(W, transposed);
    return new Factor(W);
  }

  @Override
  public void raiseToProducts(Tensor x, PreparedFactor factor, Tensor scratch, Tensor best) {
    ShapeChecks.raiseToProducts(x, factor, scratch, best);
    Tensor products = scratch.columns(0, factor.cols());
    linear(x, Factor.of(factor).W(), null, products);
    for (long i = 0; i < x.rows(); i++) {
      double greatest = best.get(i, 0);
      for (long j = 0; j < products.cols(); j++) {
        double value = products.get(i, j);
        greatest = value > greatest || Double.isNaN(greatest) ? value : greatest;
      }
      best.set(i, 0, greatest);
    }
  }

  @Override
  public void topK(Tensor x, boolean greatest, Tensor values, Tensor columns) {
    ShapeChecks.topK(x, values, columns);
    values.fill(Double.NaN);
    columns.fill(-1);
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        insert(x.get(i, j), j, greatest, values.rows(i, i + 1), columns.rows(i, i + 1));
      }
    }
  }

  @Override
  public void topKOfColumns(Tensor x, int firstRow, boolean greatest, Tensor values, Tensor rows) {
    ShapeChecks.topKOfColumns(x, firstRow, values, rows);
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        insert(x.get(i, j), firstRow + i, greatest, values.rows(j, j + 1), rows.rows(j, j + 1));
      }
    }
  }

  /** Puts a value in its place in a row of the best, behind those that are equal. */
  private static void insert(double value, double id, boolean greatest, Tensor values, Tensor ids) {
    long k = values.cols();
    long place = k;
    while (place > 0 && (ids.get(0, place - 1) < 0 || better(value, values, place - 1, greatest))) {
      place--;
    }
    if (Double.isNaN(value) || place == k) {
      return;
    }
    for (long p = k - 1; p > place; p--) {
      values.set(0, p, values.get(0, p - 1));
      ids.set(0, p, ids.get(0, p - 1));
    }
    values.set(0, place, value);
    ids.set(0, place, id);
  }

  private static boolean better(double value, Tensor values, long place, boolean greatest) {
    double held = values.get(0, place);
    return greatest ? value > held : value < held;
  }

  @Override
  public void histogram(Tensor x, double low, double high, Tensor counts) {
    int bins = (int) counts.cols();
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        double value = x.get(i, j);
        if (value >= low && value <= high) {
          int bin = Math.min(bins - 1, (int) ((value - low) / (high - low) * bins));
          counts.set(0, bin, counts.get(0, bin) + 1);
        }
      }
    }
  }

  @Override
  public void columnHistograms(Tensor x, double low, double high, Tensor counts) {
    ShapeChecks.columnHistograms(x, counts);
    int bins = (int) counts.cols() - 2;
    for (long t = 0; t < x.rows(); t++) {
      for (long j = 0; j < x.cols(); j++) {
        double value = x.get(t, j);
        if (!Double.isNaN(value)) {
          double place = Math.floor((value - low) * (bins / (high - low)));
          long bin =
              value < low ? 0 : value >= high ? bins + 1 : 1 + (long) Math.min(bins - 1, place);
          counts.set(j, bin, counts.get(j, bin) + 1);
        }
      }
    }
  }

  @Override
  public void rowPowerSums(Tensor x, Tensor sums) {
    sums.requireShape("sums", x.rows(), 5);
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        double value = x.get(i, j);
        double power = 1;
        for (int p = 0; p < 5 && !Double.isNaN(value); p++) {
          sums.set(i, p, sums.get(i, p) + power);
          power *= value;
        }
      }
    }
  }

  @Override
  public void classSums(Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima) {
    ShapeChecks.classSums(x, classes, columns, sums, maxima);
    for (long t = 0; t < x.rows(); t++) {
      long c = (long) classes.get(t, 0);
      for (long j = 0; j < columns.cols(); j++) {
        double value = x.get(t, (long) columns.get(0, j));
        sums.set(c, j, sums.get(c, j) + value);
        maxima.set(c, j, Math.max(maxima.get(c, j), value));
      }
    }
  }

  @Override
  public void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums) {
    ShapeChecks.classPowerSums(x, rows, classes, mean, scale, sums);
    long squares = sums.rows() / 2;
    for (long i = 0; i < rows.rows(); i++) {
      long c = (long) classes.get(i, 0);
      for (long j = 0; j < x.cols(); j++) {
        double z = (x.get((long) rows.get(i, 0), j) - mean.get(0, j)) * scale.get(0, j);
        sums.set(c, j, sums.get(c, j) + z);
        sums.set(squares + c, j, sums.get(squares + c, j) + z * z);
      }
    }
  }

  @Override
  public void addOuter(Tensor column, Tensor row, Tensor to) {
    ShapeChecks.addOuter(column, row, to);
    for (long i = 0; i < to.rows(); i++) {
      for (long j = 0; j < to.cols(); j++) {
        to.set(i, j, to.get(i, j) + column.get(i, 0) * row.get(0, j));
      }
    }
  }

  @Override
  public void sketch(Tensor x, Tensor buckets, Tensor signs, Tensor sum) {
    ShapeChecks.sketch(x, buckets, signs, sum);
    for (long t = 0; t < x.rows(); t++) {
      long bucket = (long) buckets.get(t, 0);
      for (long j = 0; j < x.cols(); j++) {
        sum.set(bucket, j, sum.get(bucket, j) + signs.get(t, 0) * x.get(t, j));
      }
    }
  }

  @Override
  public void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima) {
    ShapeChecks.classMaxima(x, rows, classes, maxima);
    for (long i = 0; i < rows.rows(); i++) {
      long c = (long) classes.get(i, 0);
      for (long j = 0; j < x.cols(); j++) {
        maxima.set(c, j, Math.max(maxima.get(c, j), x.get((long) rows.get(i, 0), j)));
      }
    }
  }

  @Override
  public void close() {}
}
