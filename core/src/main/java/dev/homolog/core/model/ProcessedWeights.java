package dev.homolog.core.model;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.HeadLayout;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.MatrixOrder;
import dev.homolog.core.model.family.TensorNames;
import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * A model's weights as tables of weights look at them, in double. They are made when they are asked
 * for: a layer at a time, and a block of tokens of the embeddings. The caller's arena holds what
 * was asked for; besides, a few rows are held.
 *
 * <p>Preset {@link Processing#FOLDED} takes these steps in order (docs/definitions.md, "Weights").
 * They are TransformerLens's {@code fold_ln}, {@code center_writing_weights}, {@code
 * center_unembed} and {@code fold_value_biases}. Gain g and bias β are those of the LayerNorm that
 * a matrix reads:
 *
 * <ol>
 *   <li>b += β W for the readers W_Q, W_K, W_V, W_in and W_U
 *   <li>W = diag(g) W for the same, then every column of W to mean 0 over d_model
 *   <li>every row of the writers W_E, W_pos, W_O, W_out, and b_O and b_out, to mean 0 over d_model
 *   <li>W_U and b_U to mean 0 over the vocabulary
 *   <li>b_O += b_V W_O, summed over heads, and b_V = 0
 * </ol>
 *
 * <p>A model of these weights whose LayerNorms have gain 1 and bias 0, with b_U added to the
 * logits, has the same log-probabilities. Preset {@link Processing#RAW} gives what is stored, in
 * the same shapes; a bias that is not there is 0 in both.
 *
 * <p>The heads of W_Q, W_K and W_V [d_model, d_model] and of their biases lie side by side,
 * whatever the order in the file. Head h has columns [h d_head, (h + 1) d_head), and these rows of
 * W_O. The checkpoint must stay open. One thread at a time.
 */
public final class ProcessedWeights {
  /** Columns that are transposed at a time: one by one, each element would cost a cache line. */
  private static final int BLOCK = 32;

  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final TensorNames names;
  private final boolean folded;
  private double[] meanUnembedding;

  /**
   * Attention of one layer, F64.
   *
   * @param W_Q [d_model, heads · d_head]; so W_K and W_V
   * @param b_Q [1, heads · d_head]; so b_K and b_V
   * @param W_O [heads · d_head, d_model]
   * @param b_O [1, d_model]
   */
  public record Attention(
      Tensor W_Q,
      Tensor W_K,
      Tensor W_V,
      Tensor b_Q,
      Tensor b_K,
      Tensor b_V,
      Tensor W_O,
      Tensor b_O) {}

  /**
   * The MLP of one layer, F64: neuron n reads with column n of W_in and writes with row n of W_out.
   *
   * @param W_in [d_model, d_mlp]
   * @param b_in [1, d_mlp]
   * @param W_out [d_mlp, d_model]
   * @param b_out [1, d_model]
   */
  public record Mlp(Tensor W_in, Tensor b_in, Tensor W_out, Tensor b_out) {}

  private record Linear(Tensor W, Tensor b) {}

  /** The weights of a checkpoint. */
  public ProcessedWeights(Checkpoint checkpoint, Processing processing) {
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
    this.names = config.architecture().family().names();
    this.folded = processing == Processing.FOLDED;
  }

  /**
   * Attention of a layer: 4 d_model² doubles and biases, as all that is returned here in the arena.
   *
   * @throws dev.homolog.core.InputException if a weight is not finite; so the other methods
   */
  public Attention attention(int layer, Arena arena) {
    TensorNames.Block block = names.block(layer);
    HeadLayout layout = Transformer.headLayout(config);
    Linear q = reader(block.qkv(), block.ln1(), columns(layout::query), arena);
    Linear k = reader(block.qkv(), block.ln1(), columns(layout::key), arena);
    Linear v = reader(block.qkv(), block.ln1(), columns(layout::value), arena);
    Linear o = writer(block.o(), config.dModel(), arena);
    if (folded) {
      foldValueBias(v.b, o);
    }
    return new Attention(q.W, k.W, v.W, q.b, k.b, v.b, o.W, o.b);
  }

  /** The MLP of a layer: 2 d_model d_mlp doubles and biases. */
  public Mlp mlp(int layer, Arena arena) {
    TensorNames.Block block = names.block(layer);
    int[] all = IntStream.range(0, config.dMlp()).toArray();
    Linear in = reader(block.in(), block.ln2(), all, arena);
    Linear out = writer(block.out(), config.dMlp(), arena);
    return new Mlp(in.W, in.b, out.W, out.b);
  }

  /** The embedding of tokens [from, to): F64 [to − from, d_model]. */
  public Tensor W_E(long from, long to, Arena arena) {
    return embedding(names.embedding(), config.vocabSize(), from, to, arena);
  }

  /**
   * The embedding of positions [from, to): F64 [to − from, d_model]; empty where positions are
   * rotary.
   */
  public Optional<Tensor> W_pos(long from, long to, Arena arena) {
    return names.positions().map(name -> embedding(name, config.positions(), from, to, arena));
  }

  /**
   * Columns [from, to) of the unembedding, those of tokens: F64 [d_model, to − from], a view in
   * which the elements of a column lie together. The first call reads the whole unembedding once.
   */
  public Tensor W_U(long from, long to, Arena arena) {
    Tensor head = head().rows(from, to);
    Tensor W = Tensor.allocate(arena, DType.F64, head.rows(), config.dModel());
    double[] gain = vector(names.finalNorm() + ".weight");
    double[] mean = folded ? meanUnembedding() : null;
    double[] row = new double[config.dModel()];
    for (long v = 0; v < head.rows(); v++) {
      head.readRow(v, row);
      if (folded) {
        for (int i = 0; i < row.length; i++) {
          row[i] = gain[i] * (row[i] - mean[i]);
        }
        centre(row);
      }
      W.writeRow(v, row);
    }
    return W.transposed();
  }

  /** What is added to the logits of tokens [from, to): F64 [1, to − from]; 0 under RAW. */
  public Tensor b_U(long from, long to, Arena arena) {
    Tensor b = Tensor.allocate(arena, DType.F64, 1, to - from);
    if (!folded) {
      return b;
    }
    Tensor head = head().rows(from, to);
    double[] bias = vector(names.finalNorm() + ".bias");
    double[] mean = meanUnembedding();
    double[] row = new double[config.dModel()];
    for (long v = 0; v < head.rows(); v++) {
      head.readRow(v, row);
      double sum = 0;
      for (int i = 0; i < row.length; i++) {
        sum += bias[i] * (row[i] - mean[i]);
      }
      b.set(0, v, sum);
    }
    return b;
  }

  // ---- what the steps are made of ----

  /** Columns of qkv that hold one part of all heads, where a head's begins at {@code start}. */
  private int[] columns(IntUnaryOperator start) {
    int dHead = config.dHead();
    return IntStream.range(0, config.dModel())
        .map(column -> start.applyAsInt(column / dHead) + column % dHead)
        .toArray();
  }

  /** Chosen columns of a matrix that reads the residual stream through a LayerNorm. */
  private Linear reader(String name, String norm, int[] columns, Arena arena) {
    int d = config.dModel();
    Tensor W = matrix(name, d, columns, arena);
    double[] b = bias(name, columns);
    if (folded) {
      double[] gain = vector(norm + ".weight");
      double[] shift = vector(norm + ".bias");
      double[] means = new double[columns.length];
      double[] row = new double[columns.length];
      for (int i = 0; i < d; i++) {
        W.readRow(i, row);
        for (int j = 0; j < row.length; j++) {
          b[j] += shift[i] * row[j];
          means[j] += gain[i] * row[j] / d;
        }
      }
      for (int i = 0; i < d; i++) {
        W.readRow(i, row);
        for (int j = 0; j < row.length; j++) {
          row[j] = gain[i] * row[j] - means[j];
        }
        W.writeRow(i, row);
      }
    }
    return new Linear(W, row(b, arena));
  }

  /** A matrix [in, d_model] that writes to the residual stream. */
  private Linear writer(String name, int in, Arena arena) {
    int[] all = IntStream.range(0, config.dModel()).toArray();
    Tensor W = matrix(name, in, all, arena);
    double[] b = bias(name, all);
    if (folded) {
      centreRows(W);
      centre(b);
    }
    return new Linear(W, row(b, arena));
  }

  /** Every row of attention's weights adds up to 1, so b_V always adds b_V W_O. */
  private static void foldValueBias(Tensor b_V, Linear o) {
    double[] bias = o.b.toArray();
    double[] row = new double[bias.length];
    for (long i = 0; i < o.W.rows(); i++) {
      o.W.readRow(i, row);
      double value = b_V.get(0, i);
      for (int j = 0; j < row.length; j++) {
        bias[j] += value * row[j];
      }
    }
    o.b.writeRow(0, bias);
    b_V.fill(0);
  }

  private Tensor embedding(String name, long rows, long from, long to, Arena arena) {
    Tensor stored = stored(name, rows, config.dModel()).rows(from, to);
    Tensor W = Tensor.allocate(arena, DType.F64, stored.rows(), stored.cols());
    double[] row = new double[config.dModel()];
    for (long r = 0; r < stored.rows(); r++) {
      stored.readRow(r, row);
      W.writeRow(r, row);
    }
    if (folded) {
      centreRows(W);
    }
    return W;
  }

  /** Mean over the vocabulary of the rows of the unembedding as stored. */
  private double[] meanUnembedding() {
    if (meanUnembedding == null) {
      Tensor head = head();
      double[] mean = new double[config.dModel()];
      double[] row = new double[config.dModel()];
      for (long v = 0; v < head.rows(); v++) {
        head.readRow(v, row);
        for (int i = 0; i < row.length; i++) {
          mean[i] += row[i];
        }
      }
      for (int i = 0; i < mean.length; i++) {
        mean[i] /= head.rows();
      }
      meanUnembedding = mean;
    }
    return meanUnembedding;
  }

  private static void centreRows(Tensor W) {
    double[] row = new double[Math.toIntExact(W.cols())];
    for (long r = 0; r < W.rows(); r++) {
      W.readRow(r, row);
      centre(row);
      W.writeRow(r, row);
    }
  }

  private static void centre(double[] row) {
    double mean = 0;
    for (double value : row) {
      mean += value / row.length;
    }
    for (int i = 0; i < row.length; i++) {
      row[i] -= mean;
    }
  }

  // ---- what is stored ----

  /** The unembedding as stored, [vocab, d_model]: the embedding unless the model has its own. */
  private Tensor head() {
    boolean own = checkpoint.names().contains(names.unembedding());
    String name = own ? names.unembedding() : names.embedding();
    return stored(name, config.vocabSize(), config.dModel());
  }

  /** Chosen columns of a matrix, F64 [in, columns], whichever way the family stores it. */
  private Tensor matrix(String name, int in, int[] columns, Arena arena) {
    Tensor W = Tensor.allocate(arena, DType.F64, in, columns.length);
    long elements = checkpoint.tensor(name + ".weight").elements();
    int out = Math.toIntExact(elements / in);
    if (config.architecture().family().matrixOrder() == MatrixOrder.IN_OUT) {
      Tensor stored = stored(name + ".weight", in, out);
      double[] all = new double[out];
      double[] chosen = new double[columns.length];
      for (long i = 0; i < in; i++) {
        stored.readRow(i, all);
        for (int j = 0; j < chosen.length; j++) {
          chosen[j] = all[columns[j]];
        }
        W.writeRow(i, chosen);
      }
    } else {
      Tensor stored = stored(name + ".weight", out, in);
      double[][] block = new double[Math.min(BLOCK, columns.length)][in];
      for (int j0 = 0; j0 < columns.length; j0 += BLOCK) {
        int count = Math.min(BLOCK, columns.length - j0);
        for (int j = 0; j < count; j++) {
          stored.readRow(columns[j0 + j], block[j]);
        }
        for (int i = 0; i < in; i++) {
          for (int j = 0; j < count; j++) {
            W.set(i, j0 + j, block[j][i]);
          }
        }
      }
    }
    return W;
  }

  private double[] bias(String name, int[] columns) {
    double[] chosen = new double[columns.length];
    if (checkpoint.names().contains(name + ".bias")) {
      double[] all = vector(name + ".bias");
      for (int j = 0; j < chosen.length; j++) {
        chosen[j] = all[columns[j]];
      }
    }
    return chosen;
  }

  private double[] vector(String name) {
    double[] values = new double[Math.toIntExact(checkpoint.tensor(name).elements())];
    stored(name, 1, values.length).readRow(0, values);
    return values;
  }

  private Tensor stored(String name, long rows, long cols) {
    var tensor = checkpoint.tensor(name);
    return Tensor.wrap(tensor.data(), tensor.dtype(), rows, cols);
  }

  private static Tensor row(double[] values, Arena arena) {
    Tensor row = Tensor.allocate(arena, DType.F64, 1, values.length);
    row.writeRow(0, values);
    return row;
  }
}
