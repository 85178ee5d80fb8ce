package dev.homolog.analysis.closeup;

import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * What a second, short pass says of chosen neurons of the reference: the token ids on which each is
 * most active.
 *
 * @param tokens positions read
 * @param neurons one entry for each chosen neuron, in the order chosen
 */
public record CloseUp(long tokens, List<NeuronTokens> neurons) {
  /** A token id seen less often says too little of a neuron to be listed. */
  public static final int LEAST_COUNT = 4;

  /** Token ids listed a neuron. */
  public static final int TOP = 100;

  /** Share of the rows that are read, and the most positions. */
  private static final double SHARE = 0.2;

  private static final long MOST_TOKENS = 1_000_000;

  /** A neuron (flat id) and its token ids, the highest mean activation first. */
  public record NeuronTokens(int neuron, List<TokenMean> tokens) {}

  /** Mean and maximum MLP_POST over {@code count} positions of a token id. */
  public record TokenMean(int id, double mean, double max, long count) {}

  /**
   * Reads a random share of the rows with the reference alone.
   *
   * @param chosen flat ids of neurons
   */
  public static CloseUp of(
      Kernels kernels,
      ActivationStream.Model reference,
      ActivationStream.Text text,
      List<Integer> chosen,
      long seed,
      ProgressListener progress) {
    try (Arena arena = Arena.ofShared()) {
      int[] columns = chosen.stream().mapToInt(Integer::intValue).toArray();
      int vocabulary = reference.checkpoint().config().vocabSize();
      TokenSumsSink sums = new TokenSumsSink(kernels, arena, columns, vocabulary);
      ActivationStream stream = ActivationStream.open(kernels, arena, List.of(reference), text);
      int context = text.table().context();
      long all = text.table().rows();
      long most = Math.min((long) (all * SHARE), MOST_TOKENS / context);
      Rows rows = Rows.random(all, Math.max(1, most), seed);
      stream.run("close-up", rows, null, List.of(sums), progress);
      Map<String, Tensor> state = sums.state();
      List<NeuronTokens> neurons = new ArrayList<>();
      for (int j = 0; j < columns.length; j++) {
        neurons.add(new NeuronTokens(columns[j], top(state, j)));
      }
      return new CloseUp((long) rows.count() * context, List.copyOf(neurons));
    }
  }

  /** Bytes of the sums of that many neurons. */
  public static long bytes(long chosen, long vocabulary) {
    long listed = chosen * Math.min(TOP, vocabulary) * 40; // a TokenMean and a reference to it
    return chosen * vocabulary * (Double.BYTES + Float.BYTES) + vocabulary * Long.BYTES + listed;
  }

  private static List<TokenMean> top(Map<String, Tensor> state, int j) {
    Tensor sums = state.get(TokenSumsSink.SUMS);
    Tensor maxima = state.get(TokenSumsSink.MAXIMA);
    Tensor counts = state.get(TokenSumsSink.COUNTS);
    List<TokenMean> found = new ArrayList<>();
    for (int id = 0; id < counts.cols(); id++) {
      long count = (long) counts.get(0, id);
      if (count >= LEAST_COUNT) {
        found.add(new TokenMean(id, sums.get(id, j) / count, maxima.get(id, j), count));
      }
    }
    found.sort(
        Comparator.comparingDouble(TokenMean::mean).reversed().thenComparingInt(TokenMean::id));
    return List.copyOf(found.subList(0, Math.min(TOP, found.size())));
  }
}
