package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.model.family.TensorNames;
import java.util.Map;
import java.util.Set;

/**
 * A model's configuration and weights. Opening one reads names and shapes only. A tensor's values
 * are checked when it is first asked for, and refused if one is not finite. One thread at a time.
 */
public interface Checkpoint extends AutoCloseable {
  /** The folder, or a name for a checkpoint that lies in memory: for messages and results. */
  String location();

  /** The model's sizes and architecture. */
  ModelConfig config();

  /** Names of all tensors, without a prefix, as {@link TensorNames} has them. */
  Set<String> names();

  /**
   * The tensor of that name, mapped, not copied.
   *
   * @throws dev.homolog.core.InputException if there is none, or if a value is NaN or infinite
   */
  StoredTensor tensor(String name);

  /**
   * File name to SHA-256 (hex) of each file that the model comes from, computed when first asked
   * for.
   */
  Map<String, String> hashes();

  /** What was left out or read in another way than the files say. */
  default ModelNotes notes() {
    return ModelNotes.NONE;
  }

  /** Whether the model has an unembedding, its own or the embedding. */
  default boolean hasUnembedding() {
    return true;
  }

  /**
   * Refuses a model that cannot predict tokens.
   *
   * @throws InputException if it has no unembedding
   */
  default void requireUnembedding() {
    if (!hasUnembedding()) {
      TensorNames names = config().architecture().family().names();
      throw new InputException(
          location(),
          names.unembedding(),
          "is missing: the model was saved without a head that predicts tokens",
          "give the whole model, or use correlate, activations or tokenize, which need no such"
              + " head");
    }
  }

  /**
   * Refuses files that have changed since they were opened.
   *
   * @throws dev.homolog.core.InputException if one has
   */
  default void requireUnchanged() {}

  @Override
  void close();
}
