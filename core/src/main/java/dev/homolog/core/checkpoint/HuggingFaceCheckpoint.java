package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A GPT-2 checkpoint in a folder as Hugging Face's {@code save_pretrained} writes it: {@code
 * config.json} and {@code model.safetensors}, no other file. The weights are mapped, not copied.
 * One thread at a time.
 */
public final class HuggingFaceCheckpoint implements Checkpoint {
  static final String CONFIG = "config.json";
  static final String WEIGHTS = "model.safetensors";

  private static final long MAX_CONFIG_BYTES = 16 << 20;

  private final Path folder;
  private final ModelConfig config;
  private final String configHash;
  private final SafetensorsFile file;
  private final FiniteTensors tensors;
  private Map<String, String> hashes;

  private HuggingFaceCheckpoint(
      Path folder, ModelConfigReader.Result read, String configHash, SafetensorsFile file) {
    this.folder = folder;
    this.config = read.config();
    this.configHash = configHash;
    this.file = file;
    String where = file.path().toString();
    this.tensors =
        new FiniteTensors(
            where, new Gpt2Layout(config, read.tied()).match(where, file.tensors().values()));
  }

  /**
   * Opens a folder: reads the configuration and the names and shapes of the weights, and checks
   * both against each other.
   *
   * @throws InputException if the folder or one of the two files is missing or cannot be used
   */
  public static HuggingFaceCheckpoint open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new InputException(
          folder,
          "",
          Files.exists(folder) ? "is not a folder" : "no such folder",
          "give the folder that holds " + CONFIG + " and " + WEIGHTS);
    }
    if (!Files.exists(folder.resolve(CONFIG))) {
      throw new InputException(
          folder, CONFIG, "is missing", "give a complete Hugging Face folder of a GPT-2 model");
    }
    if (!Files.exists(folder.resolve(WEIGHTS))) {
      throw new InputException(
          folder,
          WEIGHTS,
          "is missing" + otherWeights(folder),
          "only "
              + WEIGHTS
              + " is read: save the model again with"
              + " save_pretrained(folder, safe_serialization=True, max_shard_size=\"1TB\")");
    }
    Path configFile = folder.resolve(CONFIG);
    byte[] json = readConfig(configFile);
    ModelConfigReader.Result read = ModelConfigReader.read(configFile.toString(), json);
    SafetensorsFile file = SafetensorsFile.open(folder.resolve(WEIGHTS));
    try {
      return new HuggingFaceCheckpoint(folder, read, new Sha256().update(json).hex(), file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static byte[] readConfig(Path file) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > MAX_CONFIG_BYTES) {
        throw new InputException(
            file,
            "",
            Files.isRegularFile(file) ? "is longer than 16 MiB" : "is not a file",
            "give a complete Hugging Face folder of a GPT-2 model");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new InputException(
          file.toString(), "", "cannot be read (" + e + ")", "check its permissions", e);
    }
  }

  private static String otherWeights(Path folder) {
    for (String name :
        new String[] {"model.safetensors.index.json", "pytorch_model.bin", "tf_model.h5"}) {
      if (Files.exists(folder.resolve(name))) {
        return ", but " + name + " is there";
      }
    }
    return "";
  }

  @Override
  public String location() {
    return folder.toString();
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public Set<String> names() {
    return tensors.names();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException after {@link #close()}
   */
  @Override
  public StoredTensor tensor(String name) {
    file.checkUsable();
    return tensors.get(name);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException after {@link #close()}
   */
  @Override
  public Map<String, String> hashes() {
    file.checkUsable();
    if (hashes == null) {
      Map<String, String> computed = new LinkedHashMap<>();
      computed.put(CONFIG, configHash);
      computed.put(WEIGHTS, file.sha256());
      hashes = Collections.unmodifiableMap(computed);
    }
    return hashes;
  }

  @Override
  public void close() {
    file.close();
  }
}
