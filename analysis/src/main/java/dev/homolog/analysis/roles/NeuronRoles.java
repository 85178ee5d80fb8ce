package dev.homolog.analysis.roles;

import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.intervention.PathAblation;
import dev.homolog.core.intervention.Positions;
import dev.homolog.core.intervention.Sweep;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.stream.Rows;
import java.util.List;

/**
 * What the neurons of a model do.
 *
 * @param prediction to the logits of sets of tokens
 * @param entropy to how sure the model is
 * @param attention to attention heads
 */
public record NeuronRoles(PredictionRole prediction, EntropyRole entropy, AttentionRole attention) {
  /** The most positions of the text on which interventions and ablations are made. */
  public static final long MOST_TOKENS = 20_480;

  /** The most on which a set's probability is watched, once for each neuron of it. */
  static final long MOST_WATCHED = 4_096;

  /**
   * How they are looked for.
   *
   * @param processing of the weights that candidates are chosen by; passes use them as stored
   * @param queries positions of the queries that neurons are taken out of
   * @param seed of the random neurons beside candidates
   */
  public record Options(Processing processing, Positions queries, long seed) {}

  /**
   * Finds them.
   *
   * @param checkpoint must stay open
   * @param text all rows; those that are read are spread over it
   * @param sets classes of tokens that a neuron's set is named by
   */
  public static NeuronRoles of(
      Checkpoint checkpoint,
      Kernels kernels,
      Sweep.Text text,
      List<PredictionRole.TokenSet> sets,
      Options options,
      ProgressListener progress) {
    Sweep.Text some = spread(text, MOST_TOKENS);
    OutputWeights weights = OutputWeights.of(checkpoint, options.processing(), kernels);
    EntropyRole entropy = EntropyRole.of(checkpoint, kernels, weights, some, options, progress);
    AttentionRole attention = AttentionRole.of(checkpoint, kernels, some, options, progress);
    PredictionRole prediction =
        new PredictionSearch(checkpoint, kernels, options)
            .find(weights, sets, spread(text, MOST_WATCHED), progress);
    return new NeuronRoles(prediction, entropy, attention);
  }

  private static Sweep.Text spread(Sweep.Text text, long most) {
    long rows = Math.max(1, most / text.table().context());
    return new Sweep.Text(
        text.table(), text.rules(), Rows.spread(text.table().rows(), rows), text.batchRows());
  }

  /** Bytes that it takes besides weights, for batches of that many tokens. */
  public static long bytes(ModelConfig config, Kernels kernels, long tokens) {
    long sweep = EntropyRole.bytes(config, kernels, tokens);
    long ablation = PathAblation.bytes(config, kernels, tokens);
    long heads = (long) config.heads() * AttentionRole.A_HEAD * 3 * MOST_TOKENS * Float.BYTES;
    long cosines = 3L * PredictionSearch.NAMED * config.vocabSize() * Float.BYTES;
    long writers = OutputWeights.bytes(config, kernels);
    long most = Math.max(Math.max(sweep, ablation + heads), writers);
    return Math.max(most, cosines);
  }

  /** Writes the tables. */
  public void write(RunFolder folder, TableFormat format) {
    folder.write(RoleTables.prediction(prediction), format);
    folder.write(RoleTables.entropy(entropy), format);
    folder.write(RoleTables.attention(attention), format);
  }
}
