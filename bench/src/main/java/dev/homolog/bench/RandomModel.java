package dev.homolog.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.SafetensorsWriter;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/** Models of random weights, as GPT-2 is initialised. */
final class RandomModel {
  private static final double SCALE = 0.02;

  private RandomModel() {}

  /** GPT-2 small: 12 layers of 3,072 neurons, width 768. */
  static ModelConfig gpt2Small() {
    return config(50_257, 1024, 768, 12, 12);
  }

  /** The same, small enough for a quick try. */
  static ModelConfig tiny() {
    return config(4096, 128, 64, 2, 4);
  }

  private static ModelConfig config(int vocabulary, int positions, int d, int layers, int heads) {
    return new ModelConfig(
        vocabulary,
        positions,
        d,
        layers,
        heads,
        4 * d,
        Gpt2.architecture(1e-5, Activation.GELU_TANH),
        TokenIds.of(OptionalInt.of(0), OptionalInt.of(0), OptionalInt.empty()));
  }

  static MemoryCheckpoint inMemory(ModelConfig config, long seed) {
    return MemoryCheckpoint.random(config, seed, SCALE);
  }

  static void describe(ObjectNode json, ModelConfig config) {
    json.put("layers", config.layers()).put("d_model", config.dModel());
    json.put("d_mlp", config.dMlp()).put("heads", config.heads());
    json.put("vocabulary", config.vocabSize()).put("weights", "random");
  }

  /**
   * Writes a Hugging Face folder.
   *
   * @param tokenizer a {@code tokenizer.json} to go with it, or null
   */
  static Path write(Path folder, ModelConfig config, long seed, Path tokenizer) throws IOException {
    Files.createDirectories(folder);
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("model_type", "gpt2").put("activation_function", "gelu_new");
    json.put("vocab_size", config.vocabSize()).put("n_positions", config.positions());
    json.put("n_embd", config.dModel()).put("n_layer", config.layers());
    json.put("n_head", config.heads()).put("n_inner", config.dMlp());
    json.put("layer_norm_epsilon", config.architecture().norm().epsilon());
    json.put("bos_token_id", 0).put("eos_token_id", 0);
    Files.writeString(folder.resolve("config.json"), json.toPrettyString());
    try (MemoryCheckpoint weights = inMemory(config, seed)) {
      SafetensorsWriter writer = new SafetensorsWriter(folder.resolve("model.safetensors"));
      for (String name : weights.names()) {
        StoredTensor tensor = weights.tensor(name);
        writer.tensor(name, tensor.dtype(), tensor.shape(), tensor.data());
      }
      writer.write();
    }
    if (tokenizer != null) {
      Files.copy(tokenizer, folder.resolve("tokenizer.json"));
    }
    return folder;
  }

  /** Multiplications and additions of the matrix products up to the last MLP_POST, for a token. */
  static double flopsPerToken(ModelConfig config, int context) {
    double d = config.dModel();
    double m = config.dMlp();
    double layer = 4 * d * d + 2 * d * m + 2 * d * context;
    return 2 * (config.layers() * layer - d * m);
  }
}
