package dev.homolog.cli;

import dev.homolog.analysis.WeightStudy;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.core.model.Processing;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The summary of a study of weights, for standard output.
 *
 * @param processing of the weights
 * @param out folder of the run
 */
record WeightsSummary(WeightStudy.Result result, Processing processing, Path out, PrintWriter to) {

  void print() {
    RunFacts.ModelFacts model = result.facts().models().getFirst();
    to.printf(
        Locale.ROOT,
        "Model %s: weights of %,d neurons in %d layers, %s, in %.1f s%n%nTables and study.json: %s%n",
        model.name(),
        model.neurons(),
        model.layers(),
        processing,
        result.facts().seconds(),
        out);
    to.flush();
  }
}
