package dev.homolog.core.kernels;

import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;
import java.util.OptionalLong;

/**
 * Bulk operations on the tensors of one device: what the forward pass and the statistics are made
 * of. Implementations agree to the tolerance of their {@link #working} type; the scalar backend in
 * double is the oracle.
 *
 * <p>T is the number of tokens of a batch (rows times context), N a number of neurons. A tensor
 * argument is [rows, cols]; a vector is [1, n]. Outputs may be views; they must not overlap inputs
 * unless a method says so. Shapes are checked, and a wrong one throws {@link
 * IllegalArgumentException}. One thread calls an instance at a time; an instance uses as many
 * threads as it was made with, and its results do not depend on their number.
 */
public interface Kernels extends AutoCloseable {

  /** The backend's name on the command line. */
  String name();

  /** One line that says what runs: instruction set or library version, threads, precision. */
  String description();

  /** What factors of products and their sums are rounded to, in a few words for every result. */
  String precision();

  /** Element type of activations: F32, or F64 for the oracle. */
  DType working();

  /** A zeroed tensor [rows, cols] of this device that lives as long as the arena. */
  Tensor allocate(Arena arena, DType dtype, long rows, long cols);

  /**
   * A weight of a checkpoint as [rows, cols] on this device: without a copy where device and dtype
   * allow, else a copy that lives as long as the arena.
   */
  Tensor weight(Arena arena, StoredTensor stored, long rows, long cols);

  /** Bytes that {@link #weight} copies for a weight; 0 where it is read where it is mapped. */
  default long weightBytes(StoredTensor stored) {
    return 0;
  }

  /** Bytes that this device has free, where it is not the host. */
  default OptionalLong freeDeviceBytes() {
    return OptionalLong.empty();
  }

  /** Copies between the host and this device, or within one; same shape and type. */
  void copy(Tensor from, Tensor to);

  /** The tensor itself where it is on the host, else a copy there. */
  default Tensor toHost(Arena arena, Tensor tensor) {
    if (tensor.onHost()) {
      return tensor;
    }
    Tensor host = Tensor.allocate(arena, tensor.dtype(), tensor.rows(), tensor.cols());
    copy(tensor, host);
    return host;
  }

  /** A copy on this device of a tensor on the host. */
  default Tensor fromHost(Arena arena, Tensor tensor) {
    Tensor copy = allocate(arena, tensor.dtype(), tensor.rows(), tensor.cols());
    copy(tensor, copy);
    return copy;
  }

  /** to += from. Both F32 or both F64, of the same shape, on this device. */
  void add(Tensor from, Tensor to);

  /**
   * out[t] = W_E[ids[t]] + W_pos[t mod context]. ids I32 [T, 1], W_E [vocab, d], W_pos [positions,
   * d] or null where positions come in later, out [T, d].
   */
  void embed(Tensor ids, int context, Tensor W_E, Tensor W_pos, Tensor out);

  /**
   * Rows of x to mean 0 and variance 1 (plus epsilon), times gain, plus bias. x, out [T, d]; gain,
   * bias [1, d].
   */
  void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out);

  /**
   * What {@link #layerNorm} divides each row by: √(variance + epsilon). x [T, d], scale F64 [T, 1].
   */
  void layerNormScale(Tensor x, double epsilon, Tensor scale);

  /** out = x W + b. x [T, in], W [in, out], b [1, out] or null, out [T, out]. */
  void linear(Tensor x, Tensor W, Tensor b, Tensor out);

  /** out += x W + b: a write to the residual stream. Shapes as {@link #linear}. */
  void addLinear(Tensor x, Tensor W, Tensor b, Tensor out);

  /**
   * pre = x W + b and post = f(pre); {@code pre} may be null where nobody reads it. Shapes as
   * {@link #linear}.
   */
  void linearActivate(Tensor x, Tensor W, Tensor b, Activation f, Tensor pre, Tensor post);

  /**
   * Rotary positions, in place: of every query and key of position p = t mod context, dimensions
   * (i, i + pairs) become (x_i cos[p, i] − x_(i + pairs) sin[p, i], x_(i + pairs) cos[p, i] + x_i
   * sin[p, i]) for i below pairs. qkv [T, 3 d] as {@code shape} has it; cos, sin [context or more,
   * pairs] of the working type.
   */
  void rotate(Tensor qkv, AttentionShape shape, Tensor cos, Tensor sin);

  /** Causal softmax attention within each row. qkv [T, 3 d] as {@code shape} has it; out [T, d]. */
  void attention(Tensor qkv, AttentionShape shape, Tensor out);

  /**
   * What logits say of each next token, in nats, summed in double: out[t] = the loss −log p of
   * targets[t]; the entropy −Σ p log p; the rank of the target, the number of tokens whose logit is
   * greater than its own; and Σ p[v] weights[v]. Loss and rank are NaN where the target is −1.
   * logits [T, vocab], which are adjusted as they are read; targets I32 [T, 1]; weights F64 [1,
   * vocab], or null, for which the sum is 0; out F64 [T, 4].
   */
  void predictions(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out);

  /**
   * Adds to the power sums of z = (x - mean) scale over the tokens that are kept. x [T, N]; keep U8
   * [T, 1]; mean, scale [1, N]; sums F64 [6, N]: the sums of z, z^2, z^3, z^4, then the least and
   * the greatest x.
   */
  void powerSums(Tensor x, Tensor keep, Tensor mean, Tensor scale, Tensor sums);

  /**
   * x = (x - mean) scale in place, and 0 where a token is not kept. Shapes as {@link #powerSums}.
   */
  void standardize(Tensor x, Tensor keep, Tensor mean, Tensor scale);

  /**
   * x = 1 where a neuron fires (x > 0) on a token that is kept, else 0, in place. x [T, N]; keep U8
   * [T, 1].
   */
  void firing(Tensor x, Tensor keep);

  /** out[i] = x[rows[i]]. x [T, N]; rows I32 [n, 1], each below T; out [n, N] of the same type. */
  void gatherRows(Tensor x, Tensor rows, Tensor out);

  /**
   * sum += aᵀ b. a [T, N_a], b [T, N_b], sum F32 or F64 [N_a, N_b], its rows contiguous. The
   * products of some thousand tokens are summed in single precision either way.
   */
  void crossProducts(Tensor a, Tensor b, Tensor sum);

  /**
   * sum += aᵀ a, of which only entries on and above the diagonal are defined. a [T, N], sum F32 or
   * F64 [N, N].
   */
  void gram(Tensor a, Tensor sum);

  /**
   * r[i, j] = (sum[i, j] / n - meanA[i] meanB[j]) inverseA[i] inverseB[j], clamped to [-1, 1]: the
   * correlation, where mean is that of z and inverse one over its deviation. NaN in an inverse
   * makes NaN. sum F32 or F64 [A, B] with contiguous rows; the vectors F64 [1, A] or [1, B]; r [A,
   * B] of the working type.
   */
  void correlations(Tensor sum, long n, Columns a, Columns b, Tensor r);

  /**
   * r[i, j] = sum[i, j] / (countA[i] + countB[j] - sum[i, j]): the similarity of Jaccard of two
   * sets from the size of what they share and their own sizes; NaN where both are empty. sum F32 or
   * F64 [A, B] with contiguous rows; the counts F64 [1, A] and [1, B]; r [A, B] of the working
   * type.
   */
  void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r);

  /** Mean and one over the deviation of each column, F64 [1, N] each. */
  record Columns(Tensor mean, Tensor inverse) {}

  /**
   * The k greatest (or least) of each row in order, ties to the lowest column, NaN passed over;
   * where a row has fewer, NaN and column -1. x [rows, cols]; values of the working type, columns
   * I32, both [rows, k].
   */
  void topK(Tensor x, boolean greatest, Tensor values, Tensor columns);

  /**
   * The k greatest (or least) of each column of a matrix that comes a block of rows at a time, in
   * order, ties to the lowest row, NaN passed over, and infinities may be: the results hold those
   * of the blocks before, and then those of this one too. They begin as NaN and row -1, which stay
   * where a column has fewer. x [rows, cols], the matrix from {@code firstRow} on; values of the
   * working type, rows I32, both [cols, k], contiguous.
   */
  void topKOfColumns(Tensor x, int firstRow, boolean greatest, Tensor values, Tensor rows);

  /**
   * Prepares {@link #raiseToProducts} with a matrix W [K, N] and its transpose [N, K], which is
   * contiguous: products are read from whichever is faster. Neither may change as long as the
   * result is used.
   *
   * @param arena of what is made of them
   */
  PreparedFactor prepare(Arena arena, Tensor W, Tensor transposed);

  /**
   * best[i] = the greatest of best[i] and of row i of the product x W; NaN is passed over on both
   * sides, and −∞ may be. x [T, K] with contiguous rows; best [T, 1]; scratch [T, max(K, N)],
   * contiguous, whatever it holds is lost; all of the working type.
   *
   * @param factor W, which these kernels have prepared
   */
  void raiseToProducts(Tensor x, PreparedFactor factor, Tensor scratch, Tensor best);

  /**
   * Adds to counts I64 [1, bins] of equal width over [low, high], both ends closed; NaN and what
   * lies outside is passed over.
   */
  void histogram(Tensor x, double low, double high, Tensor counts);

  /**
   * Adds to the histogram of every column: counts[j, 1 + b] where x lies in bin b of {@code bins}
   * of equal width on [low, high), counts[j, 0] below low, counts[j, bins + 1] from high on. NaN is
   * in no bin. x [T, N]; counts I64 [N, bins + 2].
   */
  void columnHistograms(Tensor x, double low, double high, Tensor counts);

  /**
   * Adds, for each row of x without its NaN, count, sum, and sums of squares, cubes and fourth
   * powers to sums F64 [rows, 5].
   */
  void rowPowerSums(Tensor x, Tensor sums);

  /**
   * Sums and maxima of chosen columns by class of the row: sums[c, j] += x[t, columns[j]] and the
   * same for the maximum, where c = classes[t]. x [T, N]; classes I32 [T, 1]; columns I32 [1, k];
   * sums F64, maxima F32, both [classes, k].
   */
  void classSums(Tensor x, Tensor classes, Tensor columns, Tensor sums, Tensor maxima);

  /**
   * Sums of z = (x - mean) scale and of z^2 by class of the row, where a row may be in several
   * classes or in none: for every pair i, sums[classes[i], j] += z[rows[i], j], and sums[C +
   * classes[i], j] += z[rows[i], j]^2. x [T, N]; rows, classes I32 [pairs, 1], pairs of one row one
   * after the other; mean, scale [1, N]; sums F64 [2 C, N].
   */
  void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums);

  /**
   * Maxima by class of the row: for every pair i, maxima[classes[i], j] is x[rows[i], j] where that
   * is greater. x [T, N]; rows, classes I32 [pairs, 1]; maxima F32 [C, N].
   */
  void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima);

  /** Frees threads and native handles; idempotent. */
  @Override
  void close();
}
