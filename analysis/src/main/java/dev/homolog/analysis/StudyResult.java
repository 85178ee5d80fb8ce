package dev.homolog.analysis;

import dev.homolog.analysis.closeup.CloseUp;
import dev.homolog.analysis.correlation.CorrelationSummary;
import dev.homolog.analysis.correlation.Correlations;
import dev.homolog.analysis.correlation.Universality;
import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.analysis.run.Invocation;
import dev.homolog.analysis.run.Manifest;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.statistics.NeuronMoments;
import dev.homolog.analysis.statistics.StudyStatistics;
import dev.homolog.analysis.table.NeuronColumns;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.Brief;
import dev.homolog.core.tokens.Tokenizer;
import java.util.List;
import java.util.Optional;

/**
 * What a study found: the results of its measurements. Neurons are listed by flat id, layer · d_mlp
 * + neuron. A result that the study does not have is absent. {@link #find} is empty then, and the
 * methods that name a result throw {@link IllegalStateException}.
 */
public final class StudyResult {
  private final StudyOptions options;
  private final RunFacts facts;
  private final List<Measurement> measurements;
  private final Tokenizer tokenizer;

  StudyResult(
      StudyOptions options, RunFacts facts, List<Measurement> measurements, Tokenizer tokenizer) {
    this.options = options;
    this.facts = facts;
    this.measurements = measurements;
    this.tokenizer = tokenizer;
  }

  /** What was asked for. */
  public StudyOptions options() {
    return options;
  }

  /** What it ran on, and what it took. */
  public RunFacts facts() {
    return facts;
  }

  /** To print tokens with. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** The result of that kind; empty where the study did not measure it. */
  public <T> Optional<T> find(Class<T> kind) {
    return measurements.stream()
        .map(Measurement::result)
        .flatMap(Optional::stream)
        .filter(kind::isInstance)
        .map(kind::cast)
        .findFirst();
  }

  private <T> T require(Class<T> kind) {
    return find(kind)
        .orElseThrow(() ->
            new IllegalStateException(
                "a study of extent " + options.extent() + " has no " + kind.getSimpleName()));
  }

  /** Moments of each reference neuron. */
  public List<NeuronMoments> moments() {
    return require(NeuronMoments.OfStudy.class).neurons();
  }

  /** Number of constant neurons of each model, which have no correlation. */
  public List<Integer> constants() {
    return require(NeuronMoments.OfStudy.class).constants();
  }

  /** What comparing the models found. */
  public Correlations correlations() {
    return require(Correlations.class);
  }

  /** Correlations with each other model. */
  public CorrelationSummary summary() {
    return correlations().summary();
  }

  /** Of each reference neuron. */
  public Universality universality() {
    return correlations().universality();
  }

  /** How many neurons are universal at the study's threshold. */
  public int universal() {
    return universality().count(options.comparison().threshold());
  }

  /** Statistics of the reference's neurons. */
  public StudyStatistics statistics() {
    return require(StudyStatistics.class);
  }

  /** What explains the reference's neurons. */
  public Explanations explanations() {
    return require(Explanations.class);
  }

  /** Tokens and examples of the chosen neurons. */
  public CloseUp closeUp() {
    return require(CloseUp.class);
  }

  /** Neurons a layer of the reference. */
  public int dMlp() {
    return facts.models().getFirst().dMlp();
  }

  /** Writes the tables and, last, {@code study.json}, for a program that is not the command. */
  public void write(RunFolder folder, TableFormat format) {
    write(folder, Invocation.ofLibrary(folder.path(), format, facts.backend()));
  }

  /** Writes the tables and, last, {@code study.json}. */
  public void write(RunFolder folder, Invocation invocation) {
    Table neurons = neurons();
    folder.write(neurons, invocation.format());
    measurements.stream()
        .flatMap(measurement -> measurement.tables(neurons))
        .forEach(parts -> folder.write(parts, invocation.format()));
    Facts study = Manifest.of(invocation, facts, json -> options.describe(json, facts));
    study.put("weights", "as stored");
    study.object("result").put("neurons", neurons.rows());
    measurements.forEach(measurement -> measurement.describe(study));
    folder.finish(study);
  }

  @Override
  public String toString() {
    return Brief.of("StudyResult")
        .with("extent", options.extent())
        .with("models", facts.models())
        .with("tokens", facts.tokens().read())
        .with("results", measurements.stream().flatMap(m -> m.result().stream()).count())
        .toString();
  }

  private Table neurons() {
    RunFacts.ModelFacts reference = facts.models().getFirst();
    Table.Builder table =
        NeuronColumns.all(Table.builder("neurons"), reference.neurons(), reference.dMlp());
    measurements.forEach(measurement -> measurement.addColumns(table));
    return table.build();
  }
}
