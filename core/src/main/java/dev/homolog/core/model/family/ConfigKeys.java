package dev.homolog.core.model.family;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a family's {@code config.json} calls the things that every family has, and what holds where
 * a key is absent. Keys of one family alone are in {@link ModelFamily#read}.
 *
 * @param sizes of the model
 * @param epsilon key of what is added to the variance inside a norm; 1e-5 where it is absent
 * @param activation key of the MLP's non-linearity
 * @param defaultActivation its name where the key is absent
 * @param rotary keys of rotary positions; empty where positions are learned
 * @param tied whether the unembedding is the embedding where {@code tie_word_embeddings} is absent
 */
public record ConfigKeys(
    Sizes sizes,
    String epsilon,
    String activation,
    String defaultActivation,
    Optional<RotaryKeys> rotary,
    boolean tied) {

  /**
   * Keys of sizes.
   *
   * @param positions spellings of the most tokens of a row, the usual one first
   * @param dModel width of the residual stream
   * @param layers number of blocks
   * @param heads attention heads of a layer
   * @param dMlp neurons of a layer
   * @param mlpRatio neurons for each dimension where {@code dMlp} is absent; empty if it may not be
   */
  public record Sizes(
      List<String> positions,
      String dModel,
      String layers,
      String heads,
      String dMlp,
      OptionalInt mlpRatio) {

    /** The spelling of {@code positions} that a file uses; the usual one if it has none. */
    public String positions(ConfigFields fields) {
      return positions.stream().filter(fields::has).findFirst().orElse(positions.getFirst());
    }
  }

  /** The epsilon of a file, above 0 and at most 1. */
  double epsilon(ConfigFields fields) {
    return fields.number(epsilon, fields.getOrDefault(epsilon, 1e-5), 1);
  }

  /** The non-linearity that a file names. */
  Activation activation(ConfigFields fields) {
    return fields.activation(activation, defaultActivation);
  }
}
