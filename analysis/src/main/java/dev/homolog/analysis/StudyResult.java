package dev.homolog.analysis;

import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.CorrelationSummary;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.roles.NeuronRoles;
import dev.homolog.analysis.statistics.StudyStatistics;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.analysis.weights.WeightFindings;
import dev.homolog.core.tokens.Tokenizer;
import java.util.List;

/**
 * What a study found. Neurons are listed by flat id, layer · d_mlp + neuron.
 *
 * @param moments of each reference neuron
 * @param constants number of constant neurons of each model, which have no correlation
 * @param comparisons what comparing the models found, or null of one model alone
 * @param statistics of the reference's neurons, or null where none were asked for
 * @param explanations of the reference's neurons, or null where none were asked for
 * @param closeUp tokens of the chosen neurons, or null where none was asked for
 * @param weights of the reference, or null likewise
 * @param roles of the reference's neurons, or null where none were asked for
 * @param tokenizer to print tokens with
 */
public record StudyResult(
    StudyOptions options,
    StudyFacts facts,
    List<NeuronMoments> moments,
    List<Integer> constants,
    StudyComparisons comparisons,
    StudyStatistics statistics,
    Explanations explanations,
    CloseUp closeUp,
    WeightFindings weights,
    NeuronRoles roles,
    Tokenizer tokenizer) {

  /** Correlations with each other model. */
  public CorrelationSummary summary() {
    return comparisons.summary();
  }

  /** Of each reference neuron. */
  public Universality universality() {
    return comparisons.universality();
  }

  /** Neurons a layer of the reference. */
  public int dMlp() {
    return facts.models().getFirst().dMlp();
  }

  /** Flat ids of the neurons that got a close look, in the order chosen. */
  List<Integer> chosen() {
    return closeUp == null
        ? List.of()
        : closeUp.neurons().stream().map(CloseUp.NeuronTokens::neuron).toList();
  }

  /** How many neurons are universal at the study's threshold. */
  public int universal() {
    return universality().count(options.comparison().threshold());
  }

  /** Writes the tables and, last, {@code study.json}, for a program that is not the command. */
  public void write(RunFolder folder, TableFormat format) {
    write(folder, Invocation.ofLibrary(folder.path(), format, facts.backend()));
  }

  /** Writes the tables and, last, {@code study.json}. */
  public void write(RunFolder folder, Invocation invocation) {
    StudyTables.write(this, folder, invocation);
  }
}
