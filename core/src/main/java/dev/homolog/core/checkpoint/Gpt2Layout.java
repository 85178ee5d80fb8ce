package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a GPT-2 model: names without {@code transformer.} prefix, and shapes. The matrices
 * of a layer are stored [in, out].
 */
final class Gpt2Layout {
  static final String PREFIX = "transformer.";
  static final String UNEMBEDDING = "lm_head.weight";

  private static final String BELONG =
      "weights and configuration (config.json) must belong together";
  private static final Set<DType> DTYPES = Set.of(DType.F32, DType.F16, DType.BF16);

  private final Map<String, List<Long>> required;
  private final List<Long> unembedding;
  private final Set<String> ignored = new LinkedHashSet<>();

  /**
   * The layout of a model of that configuration.
   *
   * @param tied whether {@code lm_head.weight} may be left out
   */
  Gpt2Layout(ModelConfig config, boolean tied) {
    long d = config.dModel();
    long m = config.dMlp();
    unembedding = List.of((long) config.vocabSize(), d);
    required = new LinkedHashMap<>();
    required.put("wte.weight", unembedding);
    required.put("wpe.weight", List.of((long) config.positions(), d));
    for (int layer = 0; layer < config.layers(); layer++) {
      String h = "h." + layer + ".";
      required.put(h + "ln_1.weight", List.of(d));
      required.put(h + "ln_1.bias", List.of(d));
      required.put(h + "attn.c_attn.weight", List.of(d, 3 * d));
      required.put(h + "attn.c_attn.bias", List.of(3 * d));
      required.put(h + "attn.c_proj.weight", List.of(d, d));
      required.put(h + "attn.c_proj.bias", List.of(d));
      required.put(h + "ln_2.weight", List.of(d));
      required.put(h + "ln_2.bias", List.of(d));
      required.put(h + "mlp.c_fc.weight", List.of(d, m));
      required.put(h + "mlp.c_fc.bias", List.of(m));
      required.put(h + "mlp.c_proj.weight", List.of(m, d));
      required.put(h + "mlp.c_proj.bias", List.of(d));
      ignored.add(h + "attn.bias");
      ignored.add(h + "attn.masked_bias");
    }
    required.put("ln_f.weight", List.of(d));
    required.put("ln_f.bias", List.of(d));
    if (!tied) {
      required.put(UNEMBEDDING, unembedding);
    }
  }

  /** Name to shape of every tensor that must be there, embeddings first, then layer by layer. */
  Map<String, List<Long>> required() {
    return required;
  }

  /**
   * The model's tensors, named and ordered as in the layout; the causal mask that older files hold
   * is left out.
   *
   * @param where the file, for messages
   * @param found the file's tensors, names with or without prefix
   * @throws InputException if a tensor is missing, unknown, there twice, of another shape, or not
   *     of F32, F16 or BF16
   */
  Map<String, StoredTensor> match(String where, Collection<StoredTensor> found) {
    Map<String, StoredTensor> byName = new LinkedHashMap<>();
    List<String> unknown = new ArrayList<>();
    for (StoredTensor tensor : found) {
      String name = plainName(tensor.name());
      if (expectedShape(name) == null && !ignored.contains(name)) {
        unknown.add(tensor.name());
      } else if (byName.put(name, tensor) != null) {
        throw new InputException(
            where, name, "is there twice, with and without " + PREFIX, "leave one of them out");
      }
    }
    List<String> missing = required.keySet().stream().filter(n -> !byName.containsKey(n)).toList();
    if (!missing.isEmpty()) {
      String name = missing.getFirst();
      throw new InputException(
          where,
          name,
          "is missing%s, expected shape %s".formatted(others(missing), required.get(name)),
          BELONG);
    }
    if (!unknown.isEmpty()) {
      throw new InputException(
          where,
          Json.clip(unknown.getFirst()),
          "is no tensor of this GPT-2" + others(unknown),
          BELONG);
    }
    Map<String, StoredTensor> matched = new LinkedHashMap<>();
    required.keySet().forEach(name -> matched.put(name, checked(where, name, byName.get(name))));
    // A .bin of a tied model names the embedding twice; kept apart, it would be converted twice.
    boolean shared =
        byName.containsKey(UNEMBEDDING)
            && byName.get(UNEMBEDDING).data().equals(byName.get("wte.weight").data());
    if (byName.containsKey(UNEMBEDDING) && (!shared || required.containsKey(UNEMBEDDING))) {
      matched.put(UNEMBEDDING, checked(where, UNEMBEDDING, byName.get(UNEMBEDDING)));
    }
    return matched;
  }

  private StoredTensor checked(String where, String name, StoredTensor tensor) {
    if (!tensor.shape().equals(expectedShape(name))) {
      throw new InputException(
          where,
          tensor.name(),
          "has shape %s, expected %s".formatted(tensor.shape(), expectedShape(name)),
          BELONG);
    }
    if (!DTYPES.contains(tensor.dtype())) {
      throw new InputException(
          where,
          tensor.name(),
          "has dtype %s, expected F32, F16 or BF16".formatted(tensor.dtype()),
          "save the model in one of these");
    }
    return new StoredTensor(name, tensor.dtype(), tensor.shape(), tensor.data());
  }

  /** The shape that a tensor of that name must have, or null for an unknown name. */
  List<Long> expectedShape(String name) {
    return name.equals(UNEMBEDDING) ? unembedding : required.get(name);
  }

  private static String plainName(String name) {
    return name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
  }

  private static String others(List<String> names) {
    return names.size() == 1 ? "" : " (and %d more)".formatted(names.size() - 1);
  }
}
