package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.ModelFamily;
import dev.homolog.core.model.family.TensorNames;
import java.util.HashSet;
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
  private static final Set<DType> DTYPES = Set.of(DType.F64, DType.F32, DType.F16, DType.BF16);

  private final ModelFamily family;
  private final TensorNames names;
  private final Map<String, List<Long>> required;
  private final List<Long> unembedding;
  private final Set<String> ignored = new LinkedHashSet<>();
  private final boolean tied;

  /** What {@code config.json} says of a model's head. */
  enum Head {
    /** It predicts tokens. */
    LANGUAGE,
    /** There is none, or one for something else. */
    OTHER,
    /** The file does not say. */
    UNKNOWN
  }

  /**
   * The layout of a model of that configuration.
   *
   * @param tied whether the unembedding may be left out
   */
  ModelLayout(ModelConfig config, boolean tied) {
    this.tied = tied;
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

  ModelFamily family() {
    return family;
  }

  TensorNames names() {
    return names;
  }

  /** Whether the unembedding may be left out, being the embedding. */
  boolean tied() {
    return tied;
  }

  /** Whether the model has a tensor of that name, or files may hold one that nothing reads. */
  boolean isKnown(String name) {
    return expectedShape(name).isPresent() || ignored.contains(name);
  }

  /** Whether these are all biases that the model must have, and nothing else. */
  boolean lacksAllBiases(List<String> missing) {
    return missing.equals(required.keySet().stream().filter(n -> n.endsWith(".bias")).toList());
  }

  /**
   * Refuses tensors of which all matrices within blocks lie the other way round.
   *
   * @param found tensors by their names without prefix
   */
  void requireNotTransposed(String where, Map<String, StoredTensor> found) {
    List<String> oblong =
        required.keySet().stream()
            .filter(name -> ModelFamily.layerOf(name).isPresent())
            .filter(name -> new HashSet<>(required.get(name)).size() == 2)
            .toList();
    if (oblong.isEmpty()
        || !oblong.stream()
            .allMatch(n -> found.get(n).shape().equals(required.get(n).reversed()))) {
      return;
    }
    String name = oblong.getFirst();
    throw new InputException(
        where,
        found.get(name).name(),
        "has shape "
            + found.get(name).shape()
            + ", expected "
            + required.get(name)
            + ": the matrices of all blocks are transposed, as nanoGPT stores them",
        transpose(where));
  }

  /** What turns all matrices of blocks in a file. */
  private String transpose(String where) {
    String turned =
        String.format(
            Locale.ROOT,
            "{k: v.T.contiguous() if v.dim() == 2 and '%s' in k else v for k, v in ",
            names.layers());
    if (where.endsWith(".safetensors")) {
      return "python -c \"from safetensors.torch import load_file, save_file; f = '"
          + where
          + "'; save_file("
          + turned
          + "load_file(f).items()}, f)\"";
    }
    return "python -c \"import torch; f = '"
        + where
        + "'; torch.save("
        + turned
        + "torch.load(f, weights_only=True).items()}, f)\"";
  }

  /**
   * A tensor under the layout's name.
   *
   * @throws InputException if it is of another shape, or of a type that is not read
   */
  StoredTensor checked(String where, String name, StoredTensor tensor) {
    List<Long> expected = expectedShape(name).orElseThrow();
    if (tensor.shape().contains(0L)) {
      throw new InputException(
          where,
          tensor.name(),
          String.format(
              Locale.ROOT,
              "is empty, expected shape %s: DeepSpeed saved the parts of ZeRO-3 without gathering them",
              expected),
          "gather them: python zero_to_fp32.py CHECKPOINT_FOLDER MODEL_FOLDER");
    }
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
          String.format(
              Locale.ROOT, "has dtype %s, expected F64, F32, F16 or BF16", tensor.dtype()),
          "save the model in one of these");
    }
    return new StoredTensor(name, tensor.dtype(), tensor.shape(), tensor.data());
  }

  /** The shape that a tensor of that name must have; empty for an unknown name. */
  Optional<List<Long>> expectedShape(String name) {
    return Optional.ofNullable(name.equals(names.unembedding()) ? unembedding : required.get(name));
  }
}
