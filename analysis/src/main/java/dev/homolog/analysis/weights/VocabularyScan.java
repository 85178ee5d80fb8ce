package dev.homolog.analysis.weights;

import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.ProcessedWeights;
import dev.homolog.core.stream.ProgressListener;
import java.lang.foreign.Arena;
import java.util.stream.IntStream;

/**
 * Cosines of neurons with the tokens of the vocabulary. For w_out and W_U it also computes
 * products; their moments are known for all neurons at the end.
 */
final class VocabularyScan implements AutoCloseable {
  /** Tokens listed at each end, a neuron and space. */
  static final int TOP = 100;

  private final Arena arena = Arena.ofShared();
  private final Kernels kernels;
  private final NeuronVectors vectors;
  private final TokenVectors embedding;
  private final TokenVectors unembedding;
  private final CosineScan scan;
  private final Tensor keep;
  private final Tensor zero;
  private final RowMoments[] cosines;
  private final RowMoments[] products;

  /** Reads the vectors of all tokens. */
  VocabularyScan(
      Kernels kernels, NeuronVectors vectors, ProcessedWeights weights, ModelConfig config) {
    this.kernels = kernels;
    this.vectors = vectors;
    this.cosines = new RowMoments[config.neurons()];
    this.products = new RowMoments[config.neurons()];
    int block = Math.min(CosineScan.ROWS, config.neurons());
    try (Arena scratch = Arena.ofConfined()) {
      Tensor ones = Tensor.allocate(scratch, DType.U8, block, 1);
      ones.fill(1);
      this.keep = kernels.fromHost(arena, ones);
      this.zero = kernels.allocate(arena, kernels.working(), 1, config.vocabSize());
      this.scan = new CosineScan(kernels, arena, config.neurons(), config.vocabSize());
      this.embedding = TokenVectors.embedding(kernels, arena, weights, config);
      this.unembedding = TokenVectors.unembedding(kernels, arena, weights, config);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** The ends and moments of a block of neurons. */
  CosineScan.Result of(TokenSpace space, int[] neurons) {
    if (space == TokenSpace.U_OUT) {
      return scanOutputs(neurons, TOP);
    }
    try (Arena arena = Arena.ofShared()) {
      Tensor x = vectors.of(space.side(), neurons, kernels, arena);
      TokenVectors tokens = space.unembedding() ? unembedding : embedding;
      return scan.scan(x, tokens.unit(), TOP, CosineScan.Step.NONE, CosineScan.Step.NONE);
    }
  }

  /**
   * Of w_out with W_U. A product is a cosine times two lengths. The tile is multiplied by the
   * token's length over the longest token's length. The other factor is multiplied in afterwards.
   */
  private CosineScan.Result scanOutputs(int[] neurons, int top) {
    int n = neurons.length;
    try (Arena arena = Arena.ofShared()) {
      Tensor sums = kernels.allocate(arena, DType.F64, n, 5);
      CosineScan.Result cosinesOfBlock =
          scan.scan(
              vectors.of(Side.OUT, neurons, kernels, arena),
              unembedding.unit(),
              top,
              CosineScan.Step.NONE,
              (tile, first) -> {
                long end = first + tile.cols();
                Tensor share = unembedding.share().columns(first, end);
                kernels.standardize(tile, keep.rows(0, n), zero.columns(first, end), share);
                kernels.rowPowerSums(tile, sums);
              });
      Tensor host = kernels.toHost(arena, sums);
      for (int row = 0; row < n; row++) {
        double length = vectors.facts().get(neurons[row]).outNorm() * unembedding.longest();
        cosines[neurons[row]] = cosinesOfBlock.moments().get(row);
        products[neurons[row]] = scaled(host, row, length);
      }
      return cosinesOfBlock;
    }
  }

  /** A token of length 0 has no cosine, but its product is 0 and counts. */
  private RowMoments scaled(Tensor sums, int row, double length) {
    RowMoments m = RowMoments.of(sums, row, unembedding.unit().rows());
    return new RowMoments(
        m.count(), m.mean() * length, m.variance() * length * length, m.skew(), m.kurtosis());
  }

  /**
   * Computes the moments of w_out and W_U for all neurons that were not scanned before, without
   * their ends.
   */
  void complete(ProgressListener progress) {
    int[] missing = IntStream.range(0, cosines.length).filter(n -> cosines[n] == null).toArray();
    for (Block block : Block.of(missing, Math.toIntExact(keep.rows()))) {
      progress.progress("unembedding", block.first(), missing.length);
      scanOutputs(block.neurons(), 0);
      progress.progress("unembedding", block.first() + block.size(), missing.length);
    }
  }

  /** Moments of cos(w_out, column of W_U); null before the neuron was scanned. */
  RowMoments cosines(int neuron) {
    return cosines[neuron];
  }

  /** Moments of w_outᵀ W_U; null likewise. */
  RowMoments products(int neuron) {
    return products[neuron];
  }

  /** Frees the vectors of the tokens. */
  @Override
  public void close() {
    arena.close();
  }

  /** Bytes of the vectors of all tokens. */
  static long bytes(ModelConfig config, DType working) {
    return 2 * TokenVectors.bytes(config, working) + (long) config.vocabSize() * working.bytes();
  }
}
