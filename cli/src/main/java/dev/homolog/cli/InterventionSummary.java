package dev.homolog.cli;

import dev.homolog.analysis.InterventionStudy;
import dev.homolog.core.intervention.Metrics;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What a person wants to know at the end of interventions, on standard output.
 *
 * @param out folder of the run
 */
record InterventionSummary(InterventionStudy.Result result, Path out, PrintWriter to) {

  void print() {
    to.printf(
        Locale.ROOT,
        "Model %s: %d neurons, %s, on %,d tokens; averages over %,d positions%n",
        result.model(),
        result.options().neurons().size(),
        result.options().change().mode(),
        result.tokens(),
        result.positions());
    TextNotes.print(result.facts().tokens(), to);
    to.printf(
        Locale.ROOT,
        "%n  %-10s %9s %9s %9s %10s %9s%n",
        "value",
        "loss",
        "entropy",
        "rank",
        "recip_rank",
        "scale");
    line("nominal", result.nominal());
    for (int i = 0; i < result.values().size(); i++) {
      double value = result.options().change().values().get(i);
      line(String.format(Locale.ROOT, "%.4g", value), result.values().get(i));
    }
    to.printf(Locale.ROOT, "%nWritten to %s%n", out);
    to.flush();
  }

  private void line(String value, Metrics metrics) {
    to.printf(
        Locale.ROOT,
        "  %-10s %9.4f %9.4f %9.1f %10.4f %9.4f%n",
        value,
        metrics.loss(),
        metrics.entropy(),
        metrics.rank(),
        metrics.recipRank(),
        metrics.scale());
  }
}
