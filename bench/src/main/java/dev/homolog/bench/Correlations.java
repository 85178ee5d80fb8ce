package dev.homolog.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.correlation.CorrelationSink;
import dev.homolog.analysis.correlation.SumMemory;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.Moments;
import dev.homolog.core.stream.MomentsSink;
import dev.homolog.core.stream.Pilot;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import dev.homolog.core.tokens.TokenTable;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * Every correlation of a reference's neurons with those of the other models, made in double from
 * the sums of a stream: for studies small enough to hold them all.
 *
 * @param r [reference neurons × all others], NaN for constant neurons
 */
record Correlations(double[] r) {
  private static final int PILOT_ROWS = 8;

  static Correlations of(
      Kernels kernels, List<ActivationStream.Model> models, TokenTable table, int batchRows) {
    try (Arena arena = Arena.ofShared()) {
      ActivationStream stream =
          ActivationStream.open(
              kernels, arena, models, new ActivationStream.Text(table, batchRows));
      Pilot pilot = stream.pilot(Rows.spread(table.rows(), PILOT_ROWS), ProgressListener.NONE);
      MomentsSink power = new MomentsSink(kernels, arena, pilot, stream.neurons());
      CorrelationSink products =
          new CorrelationSink(
              SumMemory.of(kernels, arena, table.tokens(), (long) batchRows * table.context()),
              stream.models(),
              false);
      stream.run(
          "activations",
          Rows.all(table.rows()),
          pilot,
          List.of(power, products),
          ProgressListener.NONE);
      Moments moments = power.moments();
      Tensor sums = kernels.toHost(arena, products.state().get("correlation.cross.0.0"));
      double[] r = sums.toArray();
      int rows = Math.toIntExact(sums.rows());
      int cols = Math.toIntExact(sums.cols());
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < cols; j++) {
          int other = rows + j;
          double covariance =
              r[i * cols + j] / moments.n()
                  - moments.standardizedMean(i) * moments.standardizedMean(other);
          double variances = moments.standardizedVariance(i) * moments.standardizedVariance(other);
          r[i * cols + j] = variances > 0 ? covariance / Math.sqrt(variances) : Double.NaN;
        }
      }
      return new Correlations(r);
    }
  }

  /** Greatest, root-mean-square and mean difference; returns the greatest. */
  double compare(Correlations other, ObjectNode json) {
    double worst = 0;
    double sum = 0;
    double squares = 0;
    long n = 0;
    long onlyOne = 0;
    for (int i = 0; i < r.length; i++) {
      double difference = r[i] - other.r[i];
      if (Double.isNaN(difference)) {
        onlyOne += Double.isNaN(r[i]) == Double.isNaN(other.r[i]) ? 0 : 1;
      } else {
        n++;
        sum += difference;
        squares += difference * difference;
        worst = Math.max(worst, Math.abs(difference));
      }
    }
    json.put("correlations", n);
    json.put("max_abs_difference", worst);
    json.put("rms_difference", Math.sqrt(squares / n));
    json.put("mean_difference", sum / n);
    json.put("nan_in_one_only", onlyOne);
    return onlyOne == 0 ? worst : Double.NaN;
  }
}
