package dev.homolog.analysis.measure;

import dev.homolog.core.Brief;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.stream.ModelNeurons;
import dev.homolog.core.stream.ProgressListener;
import dev.homolog.core.tokens.Tokenizer;
import java.util.List;

/**
 * What the measurements of a study share.
 *
 * @param kernels what computes
 * @param models the reference first; their checkpoints stay open
 * @param text all rows of tokens, and how many make a batch
 * @param tokenizer of the reference; the other models' are the same
 * @param seed of all that is random
 * @param phases where the time of each part of the run is kept
 * @param progress hears how far each part has come
 */
public record Setting(
    Kernels kernels,
    List<ActivationStream.Model> models,
    ActivationStream.Text text,
    Tokenizer tokenizer,
    long seed,
    Phases phases,
    ProgressListener progress) {

  /** The shape of the reference model. */
  public ModelConfig reference() {
    return models.getFirst().checkpoint().config();
  }

  /** The columns of all models in a block of the stream, the reference first. */
  public List<ModelNeurons> neurons() {
    return ActivationStream.columns(models);
  }

  @Override
  public String toString() {
    return Brief.of("Setting")
        .with("kernels", kernels)
        .with("models", models)
        .with("text", text)
        .with("tokenizer", tokenizer)
        .with("seed", seed)
        .with("phases", phases)
        .with("progress", progress)
        .toString();
  }
}
