package dev.homolog.core.model.family;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * GPT-NeoX (Black et al. 2022), of which Pythia is made, with the switches of Hugging Face's {@code
 * GPTNeoXConfig}. Positions are rotary, attention and MLP lie side by side, and the unembedding is
 * the model's own unless the file says otherwise.
 */
public record GptNeoX() implements ModelFamily {
  private static final RotaryKeys ROTARY =
      new RotaryKeys("rotary_pct", 0.25, "rotary_emb_base", 10_000.0);

  /**
   * GPT-NeoX's blocks with its switches.
   *
   * @param epsilon added to the variance inside every LayerNorm
   * @param parallelResidual whether the MLP reads what attention reads
   * @param attentionBias whether the matrices of attention have biases
   */
  public static Architecture architecture(
      double epsilon,
      Activation activation,
      boolean parallelResidual,
      boolean attentionBias,
      PositionSpec.Rotary rotary) {
    return new Architecture(
        new GptNeoX(),
        new NormSpec.LayerNorm(epsilon),
        rotary,
        new AttentionSpec(HeadOrder.HEAD_BY_HEAD, attentionBias, true, false),
        new MlpSpec(activation),
        parallelResidual);
  }

  @Override
  public String modelType() {
    return "gpt_neox";
  }

  @Override
  public String title() {
    return "GPT-NeoX";
  }

  @Override
  public ConfigKeys keys() {
    return new ConfigKeys(
        new ConfigKeys.Sizes(
            List.of("max_position_embeddings"),
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            OptionalInt.empty()),
        "layer_norm_eps",
        "hidden_act",
        "gelu",
        Optional.of(ROTARY),
        false);
  }

  @Override
  public Architecture read(ConfigFields fields, int dHead) {
    return architecture(
        keys().epsilon(fields),
        keys().activation(fields),
        fields.bool("use_parallel_residual", true),
        fields.bool("attention_bias", true),
        ROTARY.read(fields, dHead));
  }

  @Override
  public TensorNames names() {
    return new TensorNames(
        "gpt_neox.",
        "layers.",
        "embed_in.weight",
        Optional.empty(),
        "final_layer_norm",
        "embed_out.weight",
        new TensorNames.Block(
            "input_layernorm",
            "attention.query_key_value",
            "attention.dense",
            "post_attention_layernorm",
            "mlp.dense_h_to_4h",
            "mlp.dense_4h_to_h"),
        List.of("attention.bias", "attention.masked_bias", "attention.rotary_emb.inv_freq"));
  }

  @Override
  public MatrixOrder matrixOrder() {
    return MatrixOrder.OUT_IN;
  }
}
