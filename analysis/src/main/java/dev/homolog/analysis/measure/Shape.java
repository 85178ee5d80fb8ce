package dev.homolog.analysis.measure;

import dev.homolog.core.Brief;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.stream.ActivationStream;
import java.util.List;

/**
 * The sizes that the cost of a measurement follows from.
 *
 * @param kernels whose working type, and whose device, memory is counted for
 * @param models the reference first
 * @param text all rows of tokens, and how many make a batch
 * @param rows neurons of the reference a pass
 * @param passes over the text
 */
public record Shape(
    Kernels kernels, List<ModelConfig> models, ActivationStream.Text text, int rows, int passes) {

  /** Bytes of an activation. */
  public int working() {
    return kernels.working().bytes();
  }

  /** Whether the kernels compute in memory of a device. */
  public boolean onDevice() {
    return kernels.freeDeviceBytes().isPresent();
  }

  public ModelConfig reference() {
    return models.getFirst();
  }

  public List<ModelConfig> others() {
    return models.subList(1, models.size());
  }

  /** Neurons of the other models together. */
  public long otherNeurons() {
    return others().stream().mapToLong(ModelConfig::neurons).sum();
  }

  /** Neurons of all models together. */
  public long neurons() {
    return reference().neurons() + otherNeurons();
  }

  /** The most tokens of a batch. */
  public long batchTokens() {
    return text.tokens();
  }

  /** Positions of the whole text. */
  public long tokens() {
    return text.table().tokens();
  }

  /** Tokens a row. */
  public int context() {
    return text.table().context();
  }

  /** Subsets that the text names. */
  public int subsets() {
    return text.table().subsets().size();
  }

  @Override
  public String toString() {
    return Brief.of("Shape")
        .with("kernels", kernels)
        .with("models", models)
        .with("text", text)
        .with("rows", rows)
        .with("passes", passes)
        .toString();
  }
}
