package dev.homolog.core.model.family;

import java.util.List;
import java.util.Optional;

/**
 * What a model family calls its tensors, without prefix. Names of norms and matrices go without
 * {@code .weight} and {@code .bias}.
 *
 * @param prefix that files put before all names but the unembedding's, or leave out
 * @param layers what comes before the number of a layer
 * @param embedding [vocab, d_model]
 * @param positions [positions, d_model]; empty where positions are not learned
 * @param finalNorm the last norm
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

  /** What version 5 of transformers calls the unembedding of every family. */
  public static final String NEW_UNEMBEDDING = "lm_head.weight";

  /** Full names of a layer's norms and matrices. */
  public Block block(int layer) {
    return block.after(start(layer));
  }

  /** Full names of a layer's buffers. */
  public List<String> buffers(int layer) {
    return buffers.stream().map(name -> start(layer) + name).toList();
  }

  private String start(int layer) {
    return layers + layer + ".";
  }

  /** A name of a file without its prefix. */
  public String plain(String name) {
    if (name.equals(NEW_UNEMBEDDING)) {
      return unembedding;
    }
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }

  /** Whether a tensor of that name, with or without prefix, is a buffer. */
  boolean isBuffer(String name) {
    return buffers.stream().anyMatch(buffer -> name.endsWith("." + buffer));
  }

  /** The number of the layer that a tensor belongs to; empty for one of no layer. */
  Optional<String> layerOf(String name) {
    int dot = name.indexOf('.', layers.length());
    return name.startsWith(layers) && dot > layers.length()
        ? Optional.of(name.substring(layers.length(), dot))
        : Optional.empty();
  }

  /**
   * Whether a name, with or without prefix, says that a tensor is part of a model of this family.
   */
  public boolean isInside(String name) {
    String inLayer = layerOf(name).orElse("");
    return name.startsWith(prefix)
        || !inLayer.isEmpty() && inLayer.chars().allMatch(c -> c >= '0' && c <= '9')
        || isOfModule(name, embedding)
        || positions.isPresent() && isOfModule(name, positions.get())
        || isOfModule(name, finalNorm + ".")
        || isOfModule(name, unembedding)
        || isOfModule(name, NEW_UNEMBEDDING);
  }

  /** Whether a tensor belongs to the module of another. */
  private static boolean isOfModule(String name, String tensor) {
    return name.startsWith(tensor.substring(0, tensor.lastIndexOf('.') + 1));
  }

  /** Whether a tensor is a norm's. */
  public boolean isNorm(String name) {
    return isOf(name, finalNorm) || isOf(name, "." + block.ln1) || isOf(name, "." + block.ln2);
  }

  /** Whether a tensor is a matrix whose product is added to the residual stream. */
  public boolean isWriter(String name) {
    return name.endsWith("." + block.o + ".weight") || name.endsWith("." + block.out + ".weight");
  }

  private static boolean isOf(String name, String norm) {
    return name.endsWith(norm + ".weight") || name.endsWith(norm + ".bias");
  }
}
