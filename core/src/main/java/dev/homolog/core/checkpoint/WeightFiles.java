package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import dev.homolog.core.model.family.ModelFamily;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The mapped files that hold a model's tensors: {@code model.safetensors}, or the shards that
 * {@code model.safetensors.index.json} names, or {@code pytorch_model.bin}, or the shards that
 * {@code pytorch_model.bin.index.json} names. The first of these that is there is taken, and if it
 * cannot be used, none of the others is tried.
 */
final class WeightFiles implements AutoCloseable {
  static final List<String> CHOICES =
      List.of(
          "model.safetensors",
          "model.safetensors.index.json",
          "pytorch_model.bin",
          "pytorch_model.bin.index.json");

  static final String INDEX = ".index.json";
  private static final String SAFETENSORS = ".safetensors";
  private static final int MAX_INDEX_BYTES = 4 << 20;
  static final int MAX_SHARDS = 1_000;
  private static final String REMEDY =
      "the shards and their index must come from one save: fetch the model again";

  /** A file that tells what a folder without weights is. */
  private record Elsewhere(String name, String meaning, String remedy) {}

  private static final List<Elsewhere> ELSEWHERE =
      List.of(
          new Elsewhere(
              "adapter_model.safetensors",
              ": an adapter, no model",
              "merge it: peft's merge_and_unload(), then save_pretrained(folder)"),
          new Elsewhere(
              "adapter_model.bin",
              ": an adapter, no model",
              "merge it: peft's merge_and_unload(), then save_pretrained(folder)"),
          new Elsewhere(
              "zero_to_fp32.py", ": parts of DeepSpeed", "gather them: python zero_to_fp32.py . ."),
          new Elsewhere(
              "pytorch_model_fsdp.bin",
              "",
              "rename it: mv pytorch_model_fsdp.bin pytorch_model.bin"),
          new Elsewhere("model.pt", "", "rename it: mv model.pt pytorch_model.bin"),
          new Elsewhere("model.pth", "", "rename it: mv model.pth pytorch_model.bin"),
          new Elsewhere(
              "ckpt.pt",
              ", as nanoGPT writes",
              "save its state dict: torch.save(torch.load(\"ckpt.pt\")[\"model\"],"
                  + " \"pytorch_model.bin\")"));

  private final Path main;
  private final Map<String, String> indexHash = new LinkedHashMap<>();
  private final List<MappedFile> files = new ArrayList<>();
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

  private WeightFiles(Path main) {
    this.main = main;
  }

  /**
   * Maps the weights of a folder and reads names and shapes.
   *
   * @throws InputException if there are none, or if they cannot be used
   */
  static WeightFiles open(ModelFolder folder) {
    String name =
        CHOICES.stream().filter(folder::has).findFirst().orElseThrow(() -> missing(folder));
    WeightFiles result = new WeightFiles(folder.file(name));
    try {
      if (name.endsWith(INDEX)) {
        result.addShards(folder, name);
      } else {
        result.add(folder, name).forEach(tensor -> result.tensors.put(tensor.name(), tensor));
      }
      return result;
    } catch (RuntimeException | Error e) {
      result.close();
      throw e;
    }
  }

  private static InputException missing(ModelFolder folder) {
    for (String name : CHOICES) {
      Optional<InputException> packed = FileKind.packedBeside(folder, name);
      if (packed.isPresent()) {
        return packed.get();
      }
    }
    for (Elsewhere elsewhere : ELSEWHERE) {
      if (folder.has(elsewhere.name)) {
        return new InputException(
            folder.path(),
            CHOICES.getFirst(),
            "is missing, but " + elsewhere.name + " is there" + elsewhere.meaning,
            elsewhere.remedy);
      }
    }
    for (String name : List.of("tf_model.h5", "flax_model.msgpack", "model.ckpt.index")) {
      if (folder.has(name)) {
        return new InputException(
            folder.path(),
            CHOICES.getFirst(),
            "is missing, but " + name + " is there",
            "save the model from PyTorch with save_pretrained(folder)");
      }
    }
    return new InputException(
        folder.path(),
        CHOICES.getFirst(),
        "is missing",
        "give a folder that holds one of: " + String.join(", ", CHOICES));
  }

  private List<StoredTensor> add(ModelFolder folder, String name) {
    MappedFile file = MappedFile.open(folder.file(name), "give a complete Hugging Face folder");
    files.add(file);
    String where = file.path().toString();
    boolean safetensors = name.endsWith(SAFETENSORS);
    (safetensors ? FileKind.SAFETENSORS : FileKind.TORCH).require(file.path(), file.bytes());
    return safetensors
        ? SafetensorsHeader.parse(where, file.bytes()).tensors(file.bytes())
        : TorchFile.read(where, file.bytes());
  }

  private void addShards(ModelFolder folder, String index) {
    byte[] json = read(main);
    FileKind.JSON.require(main, MemorySegment.ofArray(json));
    indexHash.put(index, new Sha256().update(json).hex());
    String kind = index.substring(0, index.length() - INDEX.length());
    String extension = kind.substring(kind.lastIndexOf('.'));
    Map<String, String> shardOf = weightMap(main.toString(), json, extension);
    Set<String> shards = new LinkedHashSet<>(shardOf.values());
    if (shards.size() > MAX_SHARDS) {
      throw refuse(
          "weight_map",
          String.format(
              Locale.ROOT, "names %d files, at most %d are read", shards.size(), MAX_SHARDS));
    }
    for (String shard : shards) {
      folder.file(shard); // refuses a name that is a path, before it is looked up
      if (!folder.has(shard)) {
        throw refuse(StrictJson.clip(shard), "is missing in the folder");
      }
    }
    for (String shard : shards) {
      for (StoredTensor tensor : add(folder, shard)) {
        String expected = shardOf.get(tensor.name());
        if (!shard.equals(expected)) {
          throw refuse(
              StrictJson.clip(tensor.name()),
              String.format(
                  Locale.ROOT,
                  "is in %s, but the index has it %s",
                  shard,
                  expected == null ? "nowhere" : "in " + StrictJson.clip(expected)));
        }
        tensors.put(tensor.name(), tensor);
      }
    }
    shardOf.forEach((tensor, shard) -> {
      if (!tensors.containsKey(tensor) && !ModelFamily.anyHasBuffer(tensor)) {
        throw refuse(
            StrictJson.clip(tensor),
            String.format(Locale.ROOT, "the index has it in %s, where it is not", shard));
      }
    });
  }

  /** Tensor to file, as the index has it. */
  static Map<String, String> weightMap(String where, byte[] json, String extension) {
    Map<String, Object> index =
        new StrictJson(where, "", REMEDY, 3, 1_000).readObject(new ByteArrayInputStream(json));
    if (!(index.get("weight_map") instanceof Map<?, ?> map)) {
      throw new InputException(
          where,
          "weight_map",
          String.format(
              Locale.ROOT,
              "is %s, expected an object",
              StrictJson.describe(index.get("weight_map"))),
          REMEDY);
    }
    Map<String, String> files = new LinkedHashMap<>();
    map.forEach((tensor, file) -> {
      if (!(file instanceof String name) || !name.endsWith(extension)) {
        throw new InputException(
            where,
            StrictJson.clip((String) tensor),
            String.format(
                Locale.ROOT,
                "is said to be in %s, expected a file *%s",
                StrictJson.describe(file),
                extension),
            REMEDY);
      }
      files.put((String) tensor, name);
    });
    return files;
  }

  static byte[] read(Path index) {
    try {
      if (!Files.isRegularFile(index) || Files.size(index) > MAX_INDEX_BYTES) {
        throw new InputException(
            index,
            "",
            Files.isRegularFile(index) ? "is longer than 4 MiB" : "is not a file",
            REMEDY);
      }
      return Files.readAllBytes(index);
    } catch (IOException e) {
      throw new InputException(
          index.toString(), "", "cannot be read (" + e + ")", "check its permissions", e);
    }
  }

  /** The one file, or the index of several: for messages. */
  String where() {
    return main.toString();
  }

  /** All tensors, under the names that the files have. */
  Collection<StoredTensor> tensors() {
    return Collections.unmodifiableCollection(tensors.values());
  }

  /** File name to SHA-256 of every file, the index first; reads every byte. */
  Map<String, String> hashes() {
    Map<String, String> hashes = new LinkedHashMap<>(indexHash);
    files.forEach(file -> hashes.put(file.path().getFileName().toString(), file.sha256()));
    return hashes;
  }

  /** Refuses files that have been written, replaced or removed since they were opened. */
  void requireUnchanged() {
    files.forEach(MappedFile::requireUnchanged);
  }

  /** Refuses closed files, and any whose size has changed. */
  void checkUsable() {
    files.forEach(MappedFile::checkUsable);
  }

  /** Ends all mappings and their tensors; a second call does nothing. */
  @Override
  public void close() {
    files.forEach(MappedFile::close);
  }

  private InputException refuse(String field, String problem) {
    return new InputException(main, field, problem, REMEDY);
  }
}
