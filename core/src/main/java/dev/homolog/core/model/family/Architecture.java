package dev.homolog.core.model.family;

/**
 * What the blocks of a model are made of: all that can differ between two models of the same sizes.
 * The forward pass reads these values and never asks for the family.
 *
 * @param family names and order of the stored tensors
 * @param norm before attention, the MLP and the logits
 * @param positions learned or rotary
 * @param attention how heads are made
 * @param mlp how neurons are made
 * @param parallelResidual whether the MLP reads what attention reads, not what it has written
 */
public record Architecture(
    ModelFamily family,
    NormSpec norm,
    PositionSpec positions,
    AttentionSpec attention,
    MlpSpec mlp,
    boolean parallelResidual) {

  /**
   * An architecture of a family.
   *
   * @throws IllegalArgumentException if positions are not those of the family
   */
  public Architecture {
    boolean learned = positions instanceof PositionSpec.Learned;
    if (learned != family.names().positions().isPresent()
        || learned == family.keys().rotary().isPresent()) {
      throw new IllegalArgumentException(family.title() + " with positions " + positions);
    }
  }
}
