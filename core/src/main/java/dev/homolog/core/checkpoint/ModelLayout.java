package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.ModelFamily;
import dev.homolog.core.model.family.TensorNames;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The tensors that a model must have: names without prefix, and shapes as they are stored. */
final class ModelLayout {
  private static final String BELONG =
      "weights and configuration (config.json) must belong together";
  private static final Set<DType> DTYPES = Set.of(DType.F32, DType.F16, DType.BF16);

  private final ModelFamily family;
  private final TensorNames names;
  private final Map<String, List<Long>> required;
  private final List<Long> unembedding;
  private final Set<String> ignored = new LinkedHashSet<>();

  /**
   * The layout of a model of that configuration.
   *
   * @param tied whether the unembedding may be left out
   */
  ModelLayout(ModelConfig config, boolean tied) {
    family = config.architecture().family();
    names = family.names();
    long d = config.dModel();
    boolean biased = config.architecture().attention().biased();
    unembedding = List.of((long) config.vocabSize(), d);
    required = new LinkedHashMap<>();
    required.put(names.embedding(), unembedding);
    names.positions().ifPresent(name -> required.put(name, List.of((long) config.positions(), d)));
    for (int layer = 0; layer < config.layers(); layer++) {
      TensorNames.Block block = names.block(layer);
      norm(block.ln1(), d);
      matrix(block.qkv(), d, config.dQkv(), biased);
      matrix(block.o(), d, d, biased);
      norm(block.ln2(), d);
      matrix(block.in(), d, config.dMlp(), true);
      matrix(block.out(), config.dMlp(), d, true);
      ignored.addAll(names.buffers(layer));
    }
    norm(names.finalNorm(), d);
    if (!tied) {
      required.put(names.unembedding(), unembedding);
    }
  }

  private void norm(String name, long d) {
    required.put(name + ".weight", List.of(d));
    required.put(name + ".bias", List.of(d));
  }

  private void matrix(String name, long in, long out, boolean biased) {
    required.put(name + ".weight", family.matrixOrder().shape(in, out));
    if (biased) {
      required.put(name + ".bias", List.of(out));
    }
  }

  /** Name to shape of every tensor that must be there, embeddings first, then layer by layer. */
  Map<String, List<Long>> required() {
    return required;
  }

  /**
   * The model's tensors, named and ordered as in the layout; the buffers that older files hold are
   * left out.
   *
   * @param where the file, for messages
   * @param stored the file's tensors, names with or without prefix
   * @throws InputException if a tensor is missing, unknown, there twice, of another shape, or not
   *     of F32, F16 or BF16
   */
  Map<String, StoredTensor> match(String where, Collection<StoredTensor> stored) {
    Map<String, StoredTensor> byName = new LinkedHashMap<>();
    List<String> unknown = new ArrayList<>();
    for (StoredTensor tensor : stored) {
      String name = names.plain(tensor.name());
      if (expectedShape(name).isEmpty() && !ignored.contains(name)) {
        unknown.add(tensor.name());
      } else if (byName.put(name, tensor) != null) {
        throw new InputException(
            where, name, "is there twice, " + spellings(name), "leave one of them out");
      }
    }
    List<String> missing = required.keySet().stream().filter(n -> !byName.containsKey(n)).toList();
    if (!missing.isEmpty()) {
      String name = missing.getFirst();
      throw new InputException(
          where,
          name,
          String.format(Locale.ROOT, "is missing%s, expected shape %s", others(missing), required.get(name)),
          BELONG);
    }
    if (!unknown.isEmpty()) {
      throw new InputException(
          where,
          StrictJson.clip(unknown.getFirst()),
          "is no tensor of this " + family.title() + others(unknown),
          BELONG);
    }
    Map<String, StoredTensor> matched = new LinkedHashMap<>();
    required.keySet().forEach(name -> matched.put(name, checked(where, name, byName.get(name))));
    StoredTensor head = byName.get(names.unembedding());
    // A .bin of a tied model names the embedding twice; kept apart, it would be converted twice.
    boolean shared = head != null && head.data().equals(byName.get(names.embedding()).data());
    if (head != null && !shared) {
      matched.put(names.unembedding(), checked(where, names.unembedding(), head));
    }
    return matched;
  }

  private StoredTensor checked(String where, String name, StoredTensor tensor) {
    List<Long> expected = expectedShape(name).orElseThrow();
    if (!tensor.shape().equals(expected)) {
      throw new InputException(
          where,
          tensor.name(),
          String.format(Locale.ROOT, "has shape %s, expected %s", tensor.shape(), expected),
          BELONG);
    }
    if (!DTYPES.contains(tensor.dtype())) {
      throw new InputException(
          where,
          tensor.name(),
          String.format(Locale.ROOT, "has dtype %s, expected F32, F16 or BF16", tensor.dtype()),
          "save the model in one of these");
    }
    return new StoredTensor(name, tensor.dtype(), tensor.shape(), tensor.data());
  }

  /** The shape that a tensor of that name must have; empty for an unknown name. */
  Optional<List<Long>> expectedShape(String name) {
    return Optional.ofNullable(name.equals(names.unembedding()) ? unembedding : required.get(name));
  }

  private String spellings(String name) {
    return name.equals(names.unembedding()) && !name.equals(TensorNames.NEW_UNEMBEDDING)
        ? "also as " + TensorNames.NEW_UNEMBEDDING
        : "with and without " + names.prefix();
  }

  private static String others(List<String> names) {
    return names.size() == 1 ? "" : String.format(Locale.ROOT, " (and %d more)", names.size() - 1);
  }
}
