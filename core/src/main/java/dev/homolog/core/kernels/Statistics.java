package dev.homolog.core.kernels;

import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;

/**
 * Sums, extremes and histograms of activations, weights and logits. {@link Kernels} says what holds
 * of all operands.
 */
public interface Statistics {

  /** to += from. Both F32 or both F64, of the same shape, on this device. */
  void add(Tensor from, Tensor to);

  /**
   * to[i, j] += column[i] row[j]. column [M, 1], row [1, N], to [M, N] with contiguous rows, all of
   * the working type. It is no product of matrices, so that no factor is rounded to less.
   */
  void addOuter(Tensor column, Tensor row, Tensor to);

  /**
   * Adds to the power sums of z = (x - mean) scale over the tokens that are kept. x [T, N]; keep U8
   * [T, 1]; mean, scale [1, N]; sums F64 [6, N]. The rows of sums are those of z, z^2, z^3, z^4,
   * then the least and the greatest x.
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
   * r[i, j] = (sum[i, j] / n - meanA[i] meanB[j]) inverseA[i] inverseB[j], clamped to [-1, 1]. It
   * is the correlation where mean is that of z and inverse one over its deviation. NaN in an
   * inverse makes NaN. sum F32 or F64 [A, B] with contiguous rows; the vectors F64 [1, A] or [1,
   * B]; r [A, B] of the working type.
   */
  void correlations(Tensor sum, long n, Kernels.Columns a, Kernels.Columns b, Tensor r);

  /**
   * r[i, j] = sum[i, j] / (countA[i] + countB[j] - sum[i, j]). It is the similarity of Jaccard of
   * two sets, from the sizes of what they share and of each; NaN where both are empty. sum F32 or
   * F64 [A, B] with contiguous rows; the counts F64 [1, A] and [1, B]; r [A, B] of the working
   * type.
   */
  void overlaps(Tensor sum, Tensor countA, Tensor countB, Tensor r);

  /**
   * The k greatest (or least) of each row in order, ties to the lowest column, NaN passed over.
   * Where a row has fewer, the rest is NaN and column -1. x [rows, cols]; values of the working
   * type, columns I32, both [rows, k].
   */
  void topK(Tensor x, boolean greatest, Tensor values, Tensor columns);

  /**
   * The k greatest (or least) of each column of a matrix that comes a block of rows at a time. They
   * are in order, ties to the lowest row, NaN and perhaps infinities passed over. The results hold
   * those of the blocks before, and then those of this one too. They begin as NaN and row -1, which
   * stay where a column has fewer. x [rows, cols], the matrix from {@code firstRow} on; values of
   * the working type, rows I32, both [cols, k], contiguous.
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
   * Adds to the histogram of every column. counts[j, 1 + b] is of bin b of {@code bins} of equal
   * width on [low, high); counts[j, 0] is below low, counts[j, bins + 1] from high on. NaN is in no
   * bin. x [T, N]; counts I64 [N, bins + 2].
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
   * classes or in none. For every pair i, sums[classes[i], j] += z[rows[i], j]. The squares are
   * added to sums[C + classes[i], j]. x [T, N]; rows, classes I32 [pairs, 1], pairs of one row one
   * after the other; mean, scale [1, N]; sums F64 [2 C, N].
   */
  void classPowerSums(
      Tensor x, Tensor rows, Tensor classes, Tensor mean, Tensor scale, Tensor sums);

  /**
   * Adds every row, with its sign, to the row of its bucket: sum[buckets[t], j] += signs[t] x[t,
   * j]. The rows of a bucket are added one after the other, in their order. So the sums are the
   * same to the last bit, whatever computes them. x [T, N]; buckets I32 and signs I8 [T, 1], 1 or
   * -1, both on the host; sum F32 or F64 [K, N], its rows contiguous.
   */
  void sketch(Tensor x, Tensor buckets, Tensor signs, Tensor sum);

  /**
   * Maxima by class of the row: for every pair i, maxima[classes[i], j] is x[rows[i], j] where that
   * is greater. x [T, N]; rows, classes I32 [pairs, 1]; maxima F32 [C, N].
   */
  void classMaxima(Tensor x, Tensor rows, Tensor classes, Tensor maxima);

  /**
   * What logits say of each next token, in nats, summed in double. The columns of out[t] are the
   * loss −log p of targets[t]; the entropy −Σ p log p; the rank of the target; and Σ p[v]
   * weights[v]. The rank is the number of tokens whose logit is greater than the target's. Loss and
   * rank are NaN where the target is −1. Logits [T, vocab] are adjusted as they are read. targets
   * I32 [T, 1]; weights F64 [1, vocab], or null, for which the sum is 0; out F64 [T, 4].
   */
  void predictions(
      Tensor logits, LogitAdjustment adjustment, Tensor targets, Tensor weights, Tensor out);
}
