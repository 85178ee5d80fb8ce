package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.model.family.ModelFamily;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A checkpoint in a folder as Hugging Face's {@code save_pretrained} writes it: {@code config.json}
 * and the weights. Where the weights are there in several kinds, the first of these is taken:
 * {@code model.safetensors}, its shards ({@code model.safetensors.index.json}), {@code
 * pytorch_model.bin}, its shards ({@code pytorch_model.bin.index.json}). No other file is read, and
 * none outside the folder, but for links into the same model's {@code blobs} in the cache of
 * Hugging Face, or where links are allowed. The weights are mapped, not copied. One thread at a
 * time.
 */
public final class HuggingFaceCheckpoint implements Checkpoint {
  static final String CONFIG = "config.json";

  private static final String COMPLETE =
      String.format(
          Locale.ROOT, "give a complete Hugging Face folder of a %s model", ModelFamily.titles());
  static final long MAX_CONFIG_BYTES = 16 << 20;

  private final Path folder;
  private final ModelConfig config;
  private final String configHash;
  private final WeightFiles files;
  private final FiniteTensors tensors;
  private final ModelNotes notes;
  private final boolean hasUnembedding;
  private Map<String, String> hashes;

  /** What a folder's configuration says, and the hash of its bytes. */
  private record Description(ModelConfigReader.Result read, String hash) {}

  private HuggingFaceCheckpoint(Path folder, Description description, WeightFiles files) {
    ModelConfigReader.Result read = description.read;
    this.folder = folder;
    this.config = read.config();
    this.configHash = description.hash;
    this.files = files;
    String where = files.where();
    MatchedTensors matched =
        LayoutMatch.of(new ModelLayout(config, read.tied()), where, files.tensors(), read.head());
    this.tensors = new FiniteTensors(where, matched.tensors());
    this.hasUnembedding = matched.hasUnembedding();
    this.notes =
        new ModelNotes(
            matched.prefix(), matched.passedOver(), read.absentIds(), head(read, matched));
  }

  /** What to say of a model that was saved without its head, or with another. */
  private static Optional<String> head(ModelConfigReader.Result read, MatchedTensors matched) {
    String unembedding = read.config().architecture().family().names().unembedding();
    String saved = read.architectures().isEmpty() ? "" : ", saved as " + read.architectures();
    if (!matched.hasUnembedding()) {
      return Optional.of("has no unembedding" + saved);
    }
    boolean own = matched.tensors().containsKey(unembedding);
    return read.head() == ModelLayout.Head.OTHER && !own
        ? Optional.of("its unembedding is the embedding (tie_word_embeddings)" + saved)
        : Optional.empty();
  }

  /**
   * Opens a folder: reads the configuration and the names and shapes of the weights, and checks
   * both against each other.
   *
   * @throws InputException if the folder or one of its files is missing or cannot be used
   */
  public static HuggingFaceCheckpoint open(Path folder) {
    return open(folder, false);
  }

  /**
   * As above.
   *
   * @param followLinks whether links of the folder may lead out of it, into a cache or a store that
   *     the user trusts
   */
  public static HuggingFaceCheckpoint open(Path folder, boolean followLinks) {
    ModelFolder model = new ModelFolder(folder, followLinks);
    Description description = describe(model);
    WeightFiles files = WeightFiles.open(model);
    try {
      return new HuggingFaceCheckpoint(folder, description, files);
    } catch (RuntimeException e) {
      files.close();
      throw e;
    }
  }

  /**
   * What the configuration of a folder says, which need not hold weights.
   *
   * @param followLinks whether links of the folder may lead out of it
   * @throws InputException if there is none, or if it cannot be used
   */
  public static ModelDescription describe(Path folder, boolean followLinks) {
    ModelConfigReader.Result read = describe(new ModelFolder(folder, followLinks)).read;
    return new ModelDescription(read.config(), read.absentIds());
  }

  private static Description describe(ModelFolder model) {
    Path folder = model.path();
    if (!Files.isDirectory(folder)) {
      throw new InputException(
          folder,
          "",
          Files.exists(folder) ? "is not a folder" : "no such folder",
          "give the folder that holds " + CONFIG + " and the weights");
    }
    if (!model.has(CONFIG)) {
      throw missingConfig(model);
    }
    Path configFile = model.file(CONFIG);
    byte[] json = readConfig(configFile);
    FileKind.JSON.require(configFile, MemorySegment.ofArray(json));
    ModelConfigReader.Result read = ModelConfigReader.read(configFile.toString(), json);
    return new Description(read, new Sha256().update(json).hex());
  }

  private static InputException missingConfig(ModelFolder model) {
    if (model.has("adapter_config.json")) {
      return new InputException(
          model.path(),
          CONFIG,
          "is missing, but adapter_config.json is there: an adapter, no model",
          "merge it: peft's merge_and_unload(), then save_pretrained(folder)");
    }
    return FileKind.packedBeside(model, CONFIG)
        .orElse(new InputException(model.path(), CONFIG, "is missing", COMPLETE));
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
  public ModelNotes notes() {
    return notes;
  }

  @Override
  public boolean hasUnembedding() {
    return hasUnembedding;
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
  public void requireUnchanged() {
    files.requireUnchanged();
  }

  @Override
  public void close() {
    files.close();
  }
}
