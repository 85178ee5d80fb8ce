package dev.homolog.analysis.weights;

import dev.homolog.analysis.statistics.RowMoments;
import dev.homolog.analysis.table.Table;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The columns that say in a table of all neurons what their own weights say. */
public final class WeightColumns {
  private WeightColumns() {}

  /** Adds the columns, named as the definitions have them. */
  public static void add(Table.Builder table, List<OfNeuron> neurons) {
    table
        .doubles("w_in_norm", column(neurons, OfNeuron::inNorm))
        .doubles("w_out_norm", column(neurons, OfNeuron::outNorm))
        .doubles("input_bias", column(neurons, OfNeuron::bias))
        .doubles("in_out_sim", column(neurons, OfNeuron::similarity))
        .doubles("l2_penalty", column(neurons, OfNeuron::l2Penalty));
    moments(table, "vocab", neurons, OfNeuron::vocabulary);
    moments(table, "vocab_dot", neurons, OfNeuron::vocabularyProduct);
  }

  private static void moments(
      Table.Builder table, String name, List<OfNeuron> neurons, Function<OfNeuron, RowMoments> of) {
    List<RowMoments> moments = neurons.stream().map(of).toList();
    table
        .doubles(name + "_mean", column(moments, RowMoments::mean))
        .doubles(name + "_var", column(moments, RowMoments::variance))
        .doubles(name + "_skew", column(moments, RowMoments::skew))
        .doubles(name + "_kurt", column(moments, RowMoments::kurtosis));
  }

  private static <T> double[] column(List<T> rows, ToDoubleFunction<T> value) {
    return rows.stream().mapToDouble(value).toArray();
  }
}
