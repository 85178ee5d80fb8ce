package dev.homolog.core.checkpoint;

import java.util.List;
import java.util.Optional;

/**
 * What a family of models calls its tensors, without prefix. Names of LayerNorms and matrices go
 * without {@code .weight} and {@code .bias}.
 *
 * @param prefix that files put before all names but the unembedding's, or leave out
 * @param layers what comes before the number of a layer
 * @param embedding [vocab, d_model]
 * @param positions [positions, d_model]; empty where positions are not learned
 * @param finalNorm the last LayerNorm
 * @param unembedding [vocab, d_model]
 * @param block names within a layer
 * @param buffers tensors of a layer that older files hold beside the weights, and nothing reads
 */
public record TensorNames(
    String prefix,
    String layers,
    String embedding,
    Optional<String> positions,
    String finalNorm,
    String unembedding,
    Block block,
    List<String> buffers) {

  /**
   * One layer.
   *
   * @param ln1 before attention
   * @param qkv queries, keys and values
   * @param o attention's output
   * @param ln2 before the MLP
   * @param in into the neurons
   * @param out out of the neurons
   */
  public record Block(String ln1, String qkv, String o, String ln2, String in, String out) {
    private Block after(String start) {
      return new Block(start + ln1, start + qkv, start + o, start + ln2, start + in, start + out);
    }
  }

  /** What versions 5 of transformers call the unembedding of every family. */
  static final String NEW_UNEMBEDDING = "lm_head.weight";

  private static final TensorNames GPT2 =
      new TensorNames(
          "transformer.",
          "h.",
          "wte.weight",
          Optional.of("wpe.weight"),
          "ln_f",
          NEW_UNEMBEDDING,
          new Block("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"),
          List.of("attn.bias", "attn.masked_bias"));

  private static final TensorNames GPT_NEOX =
      new TensorNames(
          "gpt_neox.",
          "layers.",
          "embed_in.weight",
          Optional.empty(),
          "final_layer_norm",
          "embed_out.weight",
          new Block(
              "input_layernorm",
              "attention.query_key_value",
              "attention.dense",
              "post_attention_layernorm",
              "mlp.dense_h_to_4h",
              "mlp.dense_4h_to_h"),
          List.of("attention.bias", "attention.masked_bias", "attention.rotary_emb.inv_freq"));

  /** The names of a family. */
  public static TensorNames of(Family family) {
    return switch (family) {
      case GPT2 -> GPT2;
      case GPT_NEOX -> GPT_NEOX;
    };
  }

  /** Full names of a layer's LayerNorms and matrices. */
  public Block block(int layer) {
    return block.after(start(layer));
  }

  /** Full names of a layer's buffers. */
  List<String> buffers(int layer) {
    return buffers.stream().map(name -> start(layer) + name).toList();
  }

  private String start(int layer) {
    return layers + layer + ".";
  }

  /** A name of a file without its prefix. */
  String plain(String name) {
    if (name.equals(NEW_UNEMBEDDING)) {
      return unembedding;
    }
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }

  /** Whether a tensor of that name in a file of any family is a buffer. */
  static boolean isBuffer(String name) {
    for (Family family : Family.values()) {
      for (String buffer : of(family).buffers) {
        if (name.endsWith("." + buffer)) {
          return true;
        }
      }
    }
    return false;
  }

  /** " of layer 3" for a tensor of that layer; nothing for one that is of no layer. */
  static String ofLayer(String name) {
    for (Family family : Family.values()) {
      String start = of(family).layers;
      int dot = name.indexOf('.', start.length());
      if (name.startsWith(start) && dot > start.length()) {
        return " of layer " + name.substring(start.length(), dot);
      }
    }
    return "";
  }

  /** Whether a tensor is a LayerNorm's. */
  boolean isNorm(String name) {
    return isOf(name, finalNorm) || isOf(name, "." + block.ln1) || isOf(name, "." + block.ln2);
  }

  /** Whether a tensor is a matrix whose product is added to the residual stream. */
  boolean isWriter(String name) {
    return name.endsWith("." + block.o + ".weight") || name.endsWith("." + block.out + ".weight");
  }

  private static boolean isOf(String name, String norm) {
    return name.endsWith(norm + ".weight") || name.endsWith(norm + ".bias");
  }
}
