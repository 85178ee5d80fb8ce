package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.model.family.ModelFamily;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint in a folder as Hugging Face's {@code save_pretrained} writes it: {@code config.json}
 * and the weights. Where the weights are there in several kinds, the first of these is taken:
 * {@code model.safetensors}, its shards ({@code model.safetensors.index.json}), {@code
 * pytorch_model.bin}, its shards ({@code pytorch_model.bin.index.json}). No other file is read, and
 * none outside the folder, but for links into the same model's {@code blobs} in the cache of
 * Hugging Face. The weights are mapped, not copied. One thread at a time.
 */
public final class HuggingFaceCheckpoint implements Checkpoint {
  static final String CONFIG = "config.json";

  private static final String COMPLETE =
      String.format(Locale.ROOT, "give a complete Hugging Face folder of a %s model", ModelFamily.titles());
  private static final long MAX_CONFIG_BYTES = 16 << 20;

  private final Path folder;
  private final ModelConfig config;
  private final String configHash;
  private final WeightFiles files;
  private final FiniteTensors tensors;
  private Map<String, String> hashes;

  private HuggingFaceCheckpoint(
      Path folder, ModelConfigReader.Result read, String configHash, WeightFiles files) {
    this.folder = folder;
    this.config = read.config();
    this.configHash = configHash;
    this.files = files;
    String where = files.where();
    this.tensors =
        new FiniteTensors(
            where, new ModelLayout(config, read.tied()).match(where, files.tensors()));
  }

  /**
   * Opens a folder: reads the configuration and the names and shapes of the weights, and checks
   * both against each other.
   *
   * @throws InputException if the folder or one of its files is missing or cannot be used
   */
  public static HuggingFaceCheckpoint open(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new InputException(
          folder,
          "",
          Files.exists(folder) ? "is not a folder" : "no such folder",
          "give the folder that holds " + CONFIG + " and the weights");
    }
    ModelFolder model = new ModelFolder(folder);
    if (!model.has(CONFIG)) {
      throw new InputException(folder, CONFIG, "is missing", COMPLETE);
    }
    Path configFile = model.file(CONFIG);
    byte[] json = readConfig(configFile);
    ModelConfigReader.Result read = ModelConfigReader.read(configFile.toString(), json);
    WeightFiles files = WeightFiles.open(model);
    try {
      return new HuggingFaceCheckpoint(folder, read, new Sha256().update(json).hex(), files);
    } catch (RuntimeException e) {
      files.close();
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
            COMPLETE);
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new InputException(
          file.toString(), "", "cannot be read (" + e + ")", "check its permissions", e);
    }
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
    files.checkUsable();
    return tensors.get(name);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException after {@link #close()}
   */
  @Override
  public Map<String, String> hashes() {
    files.checkUsable();
    if (hashes == null) {
      Map<String, String> computed = new LinkedHashMap<>();
      computed.put(CONFIG, configHash);
      computed.putAll(files.hashes());
      hashes = Collections.unmodifiableMap(computed);
    }
    return hashes;
  }

  @Override
  public void close() {
    files.close();
  }
}
