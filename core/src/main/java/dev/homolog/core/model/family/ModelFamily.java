package dev.homolog.core.model.family;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A kind of model, as {@code model_type} of a {@code config.json} names it. It says how a
 * configuration is read, what tensors are called and how they are stored. What its blocks are made
 * of is an {@link Architecture}, whose values the forward pass reads.
 *
 * <p>A new family of known parts is a new file. It is entered in this one twice: in {@code permits}
 * and in {@link #all()}.
 */
public sealed interface ModelFamily permits Gpt2, GptNeoX {

  /** Every family that can be read. */
  static List<ModelFamily> all() {
    return List.of(new Gpt2(), new GptNeoX());
  }

  /** The family of that {@code model_type}; empty if it is not known. */
  static Optional<ModelFamily> ofType(Object modelType) {
    return all().stream().filter(family -> family.modelType().equals(modelType)).findFirst();
  }

  /** The names of all families in a sentence, such as "GPT-2 or GPT-NeoX". */
  static String titles() {
    return all().stream().map(ModelFamily::title).collect(Collectors.joining(" or "));
  }

  /** Whether any family's files may hold a tensor of that name beside the weights. */
  static boolean anyHasBuffer(String name) {
    return all().stream().anyMatch(family -> family.names().isBuffer(name));
  }

  /** The layer in a tensor's name without prefix; empty for a tensor that belongs to no layer. */
  static Optional<String> layerOf(String name) {
    return all().stream().flatMap(family -> family.names().layerOf(name).stream()).findFirst();
  }

  /** {@code model_type} in {@code config.json}. */
  String modelType();

  /** The name in a sentence. */
  String title();

  /** What {@code config.json} calls what all families have, and the defaults. */
  ConfigKeys keys();

  /**
   * The architecture that a {@code config.json} describes.
   *
   * @param dHead dimensions of a head
   * @throws dev.homolog.core.InputException if a value is wrong or asks for what is not supported
   */
  Architecture read(ConfigFields fields, int dHead);

  /** What the tensors are called. */
  TensorNames names();

  /** How matrices are stored. */
  MatrixOrder matrixOrder();
}
