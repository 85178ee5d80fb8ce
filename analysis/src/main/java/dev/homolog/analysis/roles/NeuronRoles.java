package dev.homolog.analysis.roles;

import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.state.Journal;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.Brief;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.PathAblation;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What the neurons of a model do.
 *
 * @param prediction effects on the logits of sets of tokens
 * @param entropy effects on how sure the model is
 * @param attention effects on attention heads
 */
public record NeuronRoles(PredictionRole prediction, EntropyRole entropy, AttentionRole attention) {
  /** The most positions of the text on which interventions and ablations are made. */
  public static final long MOST_TOKENS = 20_480;

  /** The most positions on which a set's probability is measured, once for each of its neurons. */
  static final long MOST_WATCHED = 4_096;

  /**
   * How roles are looked for.
   *
   * @param processing how the weights that candidates are chosen by are processed; interventions
   *     use weights as stored
   * @param queries positions of the queries that neurons are taken out of
   * @param seed seed of the draw of control neurons
   */
  public record Options(Processing processing, Positions queries, long seed) {}

  /**
   * Who hears how the search goes on.
   *
   * @param journal keeps what was measured, and has it of a search that stopped
   */
  public record Watch(Journal journal, ProgressListener progress) {
    /** Nobody. */
    public static final Watch NONE = new Watch(Journal.NONE, ProgressListener.NONE);
  }

  /**
   * Finds the roles of all neurons of a model.
   *
   * @param checkpoint the model; must stay open
   * @param text all rows; those that are read are spread over it
   * @param sets classes of tokens that a neuron's set is named by
   */
  public static NeuronRoles of(
      Checkpoint checkpoint,
      Kernels kernels,
      Sweep.Text text,
      List<PredictionRole.TokenSet> sets,
      Options options,
      Watch watch) {
    Sweep.Text spread = spread(text, MOST_TOKENS);
    OutputWeights weights = OutputWeights.of(checkpoint, options.processing(), kernels);
    EntropyRole entropy = EntropySearch.find(checkpoint, kernels, weights, spread, options, watch);
    AttentionRole attention = AttentionRole.of(checkpoint, kernels, spread, options, watch);
    PredictionRole prediction =
        new PredictionSearch(checkpoint, kernels, options)
            .find(weights, sets, spread(text, MOST_WATCHED), watch);
    return new NeuronRoles(prediction, entropy, attention);
  }

  /** Rows of a text at equal distances, together of at most so many positions. */
  private static Sweep.Text spread(Sweep.Text text, long tokens) {
    long rows = Math.max(1, tokens / text.table().context());
    return new Sweep.Text(
        text.table(), text.rules(), Rows.spread(text.table().rows(), rows), text.batchRows());
  }

  /** Bytes that {@link #of} takes besides the model's weights, for batches of so many tokens. */
  public static long bytes(ModelConfig config, Kernels kernels, long tokens) {
    long sweep = EntropySearch.bytes(config, kernels, tokens);
    long ablation = PathAblation.bytes(config, kernels, tokens);
    long heads = (long) config.heads() * AttentionRole.A_HEAD * 3 * MOST_TOKENS * Float.BYTES;
    long cosines = 3L * PredictionSearch.NAMED * config.vocabSize() * Float.BYTES;
    long writers = OutputWeights.bytes(config, kernels);
    return Math.max(Math.max(sweep, ablation + heads), Math.max(writers, cosines));
  }

  /** The tables {@code prediction}, {@code entropy} and {@code attention}. */
  public Stream<Table> tables() {
    return Stream.of(
        RoleTables.prediction(prediction),
        RoleTables.entropy(entropy),
        RoleTables.attention(attention));
  }

  /** What was found, in numbers. */
  public void describe(Facts facts) {
    List<PredictionRole.Kind> kinds =
        Arrays.stream(PredictionRole.Kind.values())
            .filter(kind -> kind != PredictionRole.Kind.NONE)
            .toList();
    for (PredictionRole.Kind kind : kinds) {
      facts.put(name(kind), prediction.neurons().stream().filter(n -> n.kind() == kind).count());
    }
    Facts layers = facts.object("by_layer");
    for (PredictionRole.Kind kind : kinds) {
      layers.list(name(kind));
      Arrays.stream(prediction.byLayer(kind)).forEach(count -> layers.add(name(kind), count));
    }
    prediction
        .suppressesFrom()
        .ifPresentOrElse(
            layer -> facts.put("suppression_from_layer", layer),
            () -> facts.putNull("suppression_from_layer"));
    facts.put("frequency_tokens", entropy.frequencies().tokens());
    facts.put("frequency_unseen", entropy.frequencies().unseen());
    facts.put("entropy", entropy.neurons().stream().filter(entropy::setsEntropy).count());
    facts.put("frequency", entropy.neurons().stream().filter(entropy::setsFrequency).count());
    facts.put(
        "attention",
        attention.pairs().stream()
            .filter(AttentionRole.Pair::found)
            .map(AttentionRole.Pair::neuron)
            .distinct()
            .count());
    facts.put("intervention_positions", entropy.positions());
    facts.put("null_space", entropy.unembedding().nullity());
    for (double value : entropy.unembedding().singular()) {
      facts.add("singular_values", value);
    }
  }

  private static String name(PredictionRole.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return Brief.of("NeuronRoles")
        .with("prediction", prediction)
        .with("entropy", entropy)
        .with("attention", attention)
        .toString();
  }
}
