package dev.homolog.analysis.closeup;

import dev.homolog.analysis.explanation.Explanations;
import dev.homolog.analysis.explanation.FeatureSet;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.Brief;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.tokens.Tokenizer;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * What a second, short pass says of chosen neurons of the reference. It holds the token ids on
 * which each is most active, and the text around its peaks.
 *
 * @param tokens positions read
 * @param neurons one entry for each chosen neuron, in the order chosen
 * @param examples a row for each chosen neuron, peak and model, as {@link ExampleColumns#EXAMPLES}
 * @param families of the members of homologs in each other model; empty of one model
 */
public record CloseUp(
    long tokens,
    List<NeuronTokens> neurons,
    Table examples,
    List<Map<NeuronId, Explanations.OfFamily>> families) {
  /** A token id seen less often says too little of a neuron to be listed. */
  public static final int LEAST_COUNT = 4;

  /** Token ids listed a neuron. */
  public static final int TOP = 100;

  /** Chosen neurons whose homologs are explained too, the first ones. */
  public static final int EXPLAINED = 200;

  /** A neuron and its token ids, the highest mean activation first. */
  public record NeuronTokens(NeuronId neuron, List<TokenMean> tokens) {
    @Override
    public String toString() {
      return Brief.of("NeuronTokens").with("neuron", neuron).with("tokens", tokens).toString();
    }
  }

  /** Mean and maximum MLP_POST over {@code count} positions of a token id. */
  public record TokenMean(int id, double mean, double max, long count) {}

  /**
   * A chosen neuron.
   *
   * @param neuron flat id
   * @param counterparts flat id of its best match in each other model, −1 where it has none
   * @param homologs flat id of its homolog in each other model, −1 where it has none
   */
  public record Subject(int neuron, List<Integer> counterparts, List<Integer> homologs) {
    /** Its flat id in a model of the study, 0 the reference; −1 where it has none. */
    int neuronOf(int model) {
      return model == 0 ? neuron : counterparts.get(model - 1);
    }

    @Override
    public String toString() {
      return Brief.of("Subject")
          .with("neuron", neuron)
          .with("counterparts", counterparts)
          .with("homologs", homologs)
          .toString();
    }
  }

  /**
   * Where the close look is taken.
   *
   * @param models the study's, the reference first
   * @param tokenizer to print tokens with
   * @param features to explain homologs by
   */
  public record Scene(
      List<ActivationStream.Model> models,
      ActivationStream.Text text,
      Tokenizer tokenizer,
      FeatureSet features) {
    @Override
    public String toString() {
      return Brief.of("Scene")
          .with("models", models)
          .with("text", text)
          .with("tokenizer", tokenizer)
          .with("features", features)
          .toString();
    }
  }

  /** What takes the close look, in a pass of its own or beside others. */
  public static final class Sinks {
    private final Scene scene;
    private final List<ModelNeurons> models;
    private final List<Subject> subjects;
    private final TokenSumsSink sums;
    private final ExamplesSink examples;
    private final List<MemberSink> members = new ArrayList<>();

    /**
     * Empty sinks.
     *
     * @param models columns of the stream that will be shown to them
     */
    public Sinks(
        Kernels kernels,
        Arena arena,
        Scene scene,
        List<ModelNeurons> models,
        List<Subject> subjects) {
      this.scene = scene;
      this.models = models;
      this.subjects = subjects;
      int[] columns = subjects.stream().mapToInt(Subject::neuron).toArray();
      int vocabulary = scene.models.getFirst().checkpoint().config().vocabSize();
      this.sums = new TokenSumsSink(kernels, arena, columns, vocabulary);
      ActivationStream.Text text = scene.text;
      this.examples =
          new ExamplesSink(kernels, arena, models, subjects, text.table().context(), text.tokens());
      for (int m = 1; m < models.size(); m++) {
        int otherModel = m - 1;
        List<Integer> homologs =
            subjects.stream()
                .limit(EXPLAINED)
                .map(s -> s.homologs().get(otherModel))
                .filter(id -> id >= 0)
                .toList();
        members.add(
            homologs.isEmpty()
                ? null
                : new MemberSink(
                    kernels, arena, scene.features, models.get(m), homologs, text.tokens()));
      }
    }

    public List<ActivationSink> list() {
      List<ActivationSink> all = new ArrayList<>(List.of(sums, examples));
      members.stream().filter(member -> member != null).forEach(all::add);
      return all;
    }

    /**
     * What they saw.
     *
     * @param tokens positions that they were shown
     */
    public CloseUp found(long tokens) {
      Map<String, Tensor> state = sums.onHost();
      List<NeuronTokens> neurons = new ArrayList<>();
      for (int j = 0; j < subjects.size(); j++) {
        neurons.add(
            new NeuronTokens(
                NeuronId.of(subjects.get(j).neuron(), models.getFirst().dMlp()), top(state, j)));
      }
      return new CloseUp(
          tokens,
          List.copyOf(neurons),
          new ExampleTable(examples, models, scene.text.table(), scene.tokenizer).table(subjects),
          members.stream()
              .map(sink ->
                  sink == null ? Map.<NeuronId, Explanations.OfFamily>of() : sink.families())
              .toList());
    }
  }

  /**
   * Bytes of the sums of that many neurons, and of the results.
   *
   * @param tokens the most of a batch
   * @param working bytes of an activation
   */
  public static long bytes(long chosen, long vocabulary, long models, long tokens, int working) {
    long listed = chosen * Math.min(TOP, vocabulary) * 40; // a TokenMean and a reference to it
    return chosen * vocabulary * (Double.BYTES + Float.BYTES)
        + vocabulary * Long.BYTES
        + listed
        + ExamplesSink.bytes(chosen, models, tokens, working)
        + ExampleTable.bytes(chosen, models);
  }

  /** Bytes of the explanations of that many homologs in each of the other models. */
  public static long memberBytes(
      FeatureSet features, long chosen, long others, long tokens, int working) {
    return others * MemberSink.bytes(features, Math.min(EXPLAINED, chosen), tokens, working);
  }

  /** Bytes on the heap of the table of examples. */
  public static long tableBytes(long chosen, long models) {
    return ExampleTable.bytes(chosen, models);
  }

  private static List<TokenMean> top(Map<String, Tensor> state, int j) {
    Tensor sums = state.get(TokenSumsSink.SUMS);
    Tensor maxima = state.get(TokenSumsSink.MAXIMA);
    Tensor counts = state.get(TokenSumsSink.COUNTS);
    List<TokenMean> means = new ArrayList<>();
    for (int id = 0; id < counts.cols(); id++) {
      long count = (long) counts.get(0, id);
      if (count >= LEAST_COUNT) {
        means.add(new TokenMean(id, sums.get(id, j) / count, maxima.get(id, j), count));
      }
    }
    means.sort(
        Comparator.comparingDouble(TokenMean::mean).reversed().thenComparingInt(TokenMean::id));
    return List.copyOf(means.subList(0, Math.min(TOP, means.size())));
  }

  @Override
  public String toString() {
    return Brief.of("CloseUp")
        .with("tokens", tokens)
        .with("neurons", neurons)
        .with("examples", examples)
        .with("families", families)
        .toString();
  }
}
