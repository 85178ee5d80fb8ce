package dev.homolog.core.model.family;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * GPT-2 (Radford et al. 2019), with the switches of Hugging Face's {@code GPT2Config}. Positions
 * are learned, attention and MLP follow each other, and the unembedding is the embedding unless the
 * file says otherwise.
 */
public record Gpt2() implements ModelFamily {

  /**
   * GPT-2's blocks as published.
   *
   * @param epsilon added to the variance inside every LayerNorm
   */
  public static Architecture architecture(double epsilon, Activation activation) {
    return architecture(epsilon, activation, true, false);
  }

  /**
   * GPT-2's blocks with its two switches.
   *
   * @param epsilon added to the variance inside every LayerNorm
   * @param scaled whether scores are divided by √d_head
   * @param scaledByLayer whether scores are also divided by layer + 1
   */
  public static Architecture architecture(
      double epsilon, Activation activation, boolean scaled, boolean scaledByLayer) {
    return new Architecture(
        new Gpt2(),
        new NormSpec.LayerNorm(epsilon),
        new PositionSpec.Learned(),
        new AttentionSpec(HeadOrder.PART_BY_PART, true, scaled, scaledByLayer),
        new MlpSpec(activation),
        false);
  }

  @Override
  public String modelType() {
    return "gpt2";
  }

  @Override
  public String title() {
    return "GPT-2";
  }

  @Override
  public ConfigKeys keys() {
    return new ConfigKeys(
        new ConfigKeys.Sizes(
            List.of("n_positions", "n_ctx"),
            "n_embd",
            "n_layer",
            "n_head",
            "n_inner",
            OptionalInt.of(4)),
        "layer_norm_epsilon",
        "activation_function",
        "gelu_new",
        Optional.empty(),
        true);
  }

  /** {@inheritDoc} {@code reorder_and_upcast_attn} does not change the mathematics. */
  @Override
  public Architecture read(ConfigFields fields, int dHead) {
    fields.bool("reorder_and_upcast_attn", false);
    return architecture(
        keys().epsilon(fields),
        keys().activation(fields),
        fields.bool("scale_attn_weights", true),
        fields.bool("scale_attn_by_inverse_layer_idx", false));
  }

  @Override
  public TensorNames names() {
    return new TensorNames(
        "transformer.",
        "h.",
        "wte.weight",
        Optional.of("wpe.weight"),
        "ln_f",
        TensorNames.NEW_UNEMBEDDING,
        new TensorNames.Block(
            "ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"),
        List.of("attn.bias", "attn.masked_bias"));
  }

  @Override
  public MatrixOrder matrixOrder() {
    return MatrixOrder.IN_OUT;
  }
}
