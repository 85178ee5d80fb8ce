package dev.homolog.bench;

import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.HeadLayout;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;

/**
 * One kernel on random data of one shape: what to run, on whose kernels, and where the result is.
 * Made twice with one seed, two of them compute the same.
 *
 * @param call runs it once, on kernels or, where they have no part in it, on libtorch's operators
 * @param inputs factors, where another library is to multiply them
 * @param result what it wrote
 * @param flops floating-point operations of one run, 0 where memory is the limit
 * @param bytes bytes that one run reads and writes at least
 */
record KernelWork(
    BiConsumer<Kernels, Boolean> call,
    List<Tensor> inputs,
    Tensor result,
    double flops,
    double bytes) {
  private KernelWork(BiConsumer<Kernels, Boolean> call, Tensor result, double flops, double bytes) {
    this(call, List.of(), result, flops, bytes);
  }

  /**
   * Sizes of a model and its batch.
   *
   * @param tokens of a batch
   * @param context tokens of a row
   * @param a columns of the reference in {@code crossProducts}
   * @param b columns of the others
   * @param rows of {@code topK}
   * @param all columns of {@code topK}
   */
  record Shape(
      int tokens, int context, int d, int heads, int dMlp, int a, int b, int rows, int all) {
    static Shape of(String name) {
      return switch (name) {
        case "family" -> new Shape(8192, 256, 128, 4, 512, 1024, 2048, 512, 8192);
        case "gpt2" -> new Shape(4096, 512, 768, 12, 3072, 1536, 3072, 128, 36_864);
        default -> throw new IllegalArgumentException("no shape is called " + name);
      };
    }
  }

  private static final int TOP = 50;

  static final int GEMM = 1024;

  void run(Kernels kernels, boolean torchOperators) {
    call.accept(kernels, torchOperators);
  }

  static KernelWork of(String kernel, Shape s, Arena arena) {
    Data data = new Data(arena);
    return switch (kernel) {
      case "gemm" -> gemm(data);
      case "crossProducts" -> crossProducts(data, s);
      case "gram" -> gram(data, s);
      case "linear" -> linear(data, s);
      case "linearActivate" -> linearActivate(data, s);
      case "attention" -> attention(data, s);
      case "layerNorm" -> layerNorm(data, s);
      case "standardize" -> standardize(data, s);
      case "powerSums" -> powerSums(data, s);
      case "topK" -> topK(data, s);
      default -> throw new IllegalArgumentException("no kernel is called " + kernel);
    };
  }

  private static KernelWork gemm(Data data) {
    Tensor a = data.random(GEMM, GEMM);
    Tensor b = data.random(GEMM, GEMM);
    Tensor c = data.zeros(DType.F32, GEMM, GEMM);
    double flops = 2.0 * GEMM * GEMM * GEMM;
    return new KernelWork(
        (k, _) -> k.linear(a.transposed(), b, null, c), List.of(a, b), c, flops, 0);
  }

  private static KernelWork crossProducts(Data data, Shape s) {
    double T = s.tokens;
    Tensor a = data.random(s.tokens, s.a);
    Tensor b = data.random(s.tokens, s.b);
    Tensor sum = data.zeros(DType.F64, s.a, s.b);
    double flops = 2 * T * s.a * s.b;
    return new KernelWork((k, _) -> k.crossProducts(a, b, sum), sum, flops, 0);
  }

  private static KernelWork gram(Data data, Shape s) {
    double T = s.tokens;
    Tensor a = data.random(s.tokens, s.dMlp);
    Tensor sum = data.zeros(DType.F64, s.dMlp, s.dMlp);
    return new KernelWork(
        (k, torch) -> {
          if (torch) {
            TorchPeer.gram(a, sum);
          } else {
            k.gram(a, sum);
          }
        },
        sum,
        T * s.dMlp * (s.dMlp + 1),
        0);
  }

  private static KernelWork linear(Data data, Shape s) {
    double T = s.tokens;
    Tensor x = data.random(s.tokens, s.d);
    Tensor w = data.random(s.d, 3L * s.d);
    Tensor b = data.random(1, 3L * s.d);
    Tensor out = data.zeros(DType.F32, s.tokens, 3L * s.d);
    return new KernelWork((k, _) -> k.linear(x, w, b, out), out, 6 * T * s.d * s.d, 0);
  }

  private static KernelWork linearActivate(Data data, Shape s) {
    double T = s.tokens;
    Tensor x = data.random(s.tokens, s.d);
    Tensor w = data.random(s.d, s.dMlp);
    Tensor b = data.random(1, s.dMlp);
    Tensor out = data.zeros(DType.F32, s.tokens, s.dMlp);
    Activation gelu = Activation.GELU_TANH;
    double flops = 2 * T * s.d * s.dMlp;
    return new KernelWork(
        (k, torch) -> {
          if (torch) {
            TorchPeer.linearGelu(x, w, b, out);
          } else {
            k.linearActivate(x, w, b, gelu, null, out);
          }
        },
        out,
        flops,
        0);
  }

  private static KernelWork attention(Data data, Shape s) {
    double T = s.tokens;
    int dHead = s.d / s.heads;
    AttentionShape shape =
        new AttentionShape(
            s.context, s.heads, dHead, 1 / Math.sqrt(dHead), HeadLayout.partByPart(s.heads, dHead));
    Tensor qkv = data.random(s.tokens, 3L * s.d);
    Tensor out = data.zeros(DType.F32, s.tokens, s.d);
    BiConsumer<Kernels, Boolean> call =
        (k, torch) -> {
          if (torch) {
            TorchPeer.attention(qkv, shape, out);
          } else {
            k.attention(qkv, shape, out);
          }
        };
    return new KernelWork(call, out, 2 * T * s.context * s.d, 0);
  }

  private static KernelWork layerNorm(Data data, Shape s) {
    double T = s.tokens;
    Tensor x = data.random(s.tokens, s.d);
    Tensor gain = data.random(1, s.d);
    Tensor bias = data.random(1, s.d);
    Tensor out = data.zeros(DType.F32, s.tokens, s.d);
    return new KernelWork(
        (k, torch) -> {
          if (torch) {
            TorchPeer.layerNorm(x, gain, bias, 1e-5, out);
          } else {
            k.layerNorm(x, gain, bias, 1e-5, out);
          }
        },
        out,
        0,
        8 * T * s.d);
  }

  private static KernelWork standardize(Data data, Shape s) {
    double T = s.tokens;
    Tensor x = data.random(s.tokens, s.dMlp);
    Tensor keep = data.keep(s.tokens);
    Tensor mean = data.zeros(DType.F32, 1, s.dMlp);
    Tensor scale = data.zeros(DType.F32, 1, s.dMlp);
    scale.fill(1); // so that it can be done again and again in place
    BiConsumer<Kernels, Boolean> call =
        (k, torch) -> {
          if (torch) {
            TorchPeer.standardize(x, keep, mean, scale);
          } else {
            k.standardize(x, keep, mean, scale);
          }
        };
    return new KernelWork(call, x, 0, 8 * T * s.dMlp);
  }

  private static KernelWork powerSums(Data data, Shape s) {
    double T = s.tokens;
    Tensor x = data.random(s.tokens, s.dMlp);
    Tensor keep = data.keep(s.tokens);
    Tensor mean = data.random(1, s.dMlp);
    Tensor scale = data.random(1, s.dMlp);
    Tensor sums = data.zeros(DType.F64, 6, s.dMlp);
    BiConsumer<Kernels, Boolean> call =
        (k, torch) -> {
          if (torch) {
            TorchPeer.powerSums(x, keep, mean, scale, sums);
          } else {
            k.powerSums(x, keep, mean, scale, sums);
          }
        };
    return new KernelWork(call, sums, 0, 4 * T * s.dMlp);
  }

  private static KernelWork topK(Data data, Shape s) {
    Tensor x = data.random(s.rows, s.all);
    Tensor values = data.zeros(DType.F32, s.rows, TOP);
    Tensor columns = data.zeros(DType.I32, s.rows, TOP);
    BiConsumer<Kernels, Boolean> call =
        (k, torch) -> {
          if (torch) {
            TorchPeer.topK(x, values, columns);
          } else {
            k.topK(x, true, values, columns);
          }
        };
    return new KernelWork(call, values, 0, 4.0 * s.rows * s.all);
  }

  /** The greatest difference of two results, as a share of the greatest value. */
  static double difference(Tensor a, Tensor b, boolean upperOnly) {
    double worst = 0;
    double greatest = 0;
    for (long i = 0; i < a.rows(); i++) {
      for (long j = upperOnly ? i : 0; j < a.cols(); j++) {
        double difference = Math.abs(a.get(i, j) - b.get(i, j));
        worst = difference <= worst ? worst : difference; // NaN is taken
        greatest = Math.max(greatest, Math.abs(b.get(i, j)));
      }
    }
    return worst / greatest;
  }

  /** Tensors with values in [-1, 1), the same in the same order. */
  private static final class Data {
    private final Arena arena;
    private final SplittableRandom random = new SplittableRandom(20261124);

    Data(Arena arena) {
      this.arena = arena;
    }

    Tensor random(long rows, long cols) {
      Tensor t = Tensor.allocate(arena, DType.F32, rows, cols);
      for (long i = 0; i < t.size(); i++) {
        float value = (float) random.nextDouble(-1, 1);
        t.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      }
      return t;
    }

    Tensor zeros(DType dtype, long rows, long cols) {
      return Tensor.allocate(arena, dtype, rows, cols);
    }

    /** Nine tokens of ten. */
    Tensor keep(long tokens) {
      Tensor keep = Tensor.allocate(arena, DType.U8, tokens, 1);
      for (long t = 0; t < tokens; t++) {
        keep.set(t, 0, t % 10 == 3 ? 0 : 1);
      }
      return keep;
    }
  }
}
