package dev.homolog.analysis;

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

/** Folders of small random models with the tokenizer of the test models. */
final class RandomModels {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));

  private RandomModels() {}

  /** Two layers of so many neurons, for rows of 32 tokens. */
  static Path write(Path folder, int dMlp, long seed) throws IOException {
    return write(folder, 2, dMlp, seed);
  }

  /** So many layers of so many neurons, for rows of 32 tokens. */
  static Path write(Path folder, int layers, int dMlp, long seed) throws IOException {
    Files.createDirectories(folder);
    ModelConfig config =
        new ModelConfig(
            4096,
            32,
            8,
            layers,
            2,
            dMlp,
            Gpt2.architecture(1e-5, Activation.GELU_TANH),
            TokenIds.of(OptionalInt.of(0), OptionalInt.of(0), OptionalInt.empty()));
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "gpt2", "vocab_size": 4096, "n_positions": 32, "n_embd": 8, "n_layer": LAYERS,
         "n_head": 2, "n_inner": D_MLP, "activation_function": "gelu_new",
         "layer_norm_epsilon": 1e-05, "bos_token_id": 0, "eos_token_id": 0,
         "tie_word_embeddings": true}
        """
            .replace("D_MLP", dMlp + "")
            .replace("LAYERS", layers + ""));
    Files.copy(FAMILY.resolve("a/tokenizer.json"), folder.resolve("tokenizer.json"));
    try (MemoryCheckpoint random = MemoryCheckpoint.random(config, seed, 0.5)) {
      SafetensorsWriter writer = new SafetensorsWriter(folder.resolve("model.safetensors"));
      for (String name : random.names()) {
        StoredTensor tensor = random.tensor(name);
        writer.tensor(name, tensor.dtype(), tensor.shape(), tensor.data());
      }
      writer.write();
    }
    return folder;
  }
}
