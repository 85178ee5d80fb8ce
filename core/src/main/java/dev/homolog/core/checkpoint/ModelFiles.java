package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which files of a folder make a model, for what brings such files here. */
public final class ModelFiles {
  /** The configuration. */
  public static final String CONFIG = "config.json";

  private ModelFiles() {}

  /**
   * The files that may hold the weights, or name those that do. The first that is there is read,
   * and no other.
   */
  public static List<String> weights() {
    return WeightFiles.CHOICES;
  }

  /** Whether a file of {@link #weights} is an index, which names files. */
  public static boolean isIndex(String name) {
    return name.endsWith(WeightFiles.INDEX);
  }

  /**
   * The plain names of the files that an index names.
   *
   * @throws dev.homolog.core.InputException if it is no index, or if it names paths
   */
  public static Set<String> shards(Path index) {
    String kind = index.getFileName().toString().replace(WeightFiles.INDEX, "");
    String extension = kind.substring(kind.lastIndexOf('.'));
    Map<String, String> map =
        WeightFiles.weightMap(index.toString(), WeightFiles.read(index), extension);
    Set<String> shards = new LinkedHashSet<>(map.values());
    if (shards.size() > WeightFiles.MAX_SHARDS) {
      throw new InputException(
          index,
          "weight_map",
          "names " + shards.size() + " files, at most " + WeightFiles.MAX_SHARDS + " are read",
          "save the model in larger files");
    }
    ModelFolder folder = new ModelFolder(index.toAbsolutePath().getParent());
    shards.forEach(folder::file); // refuses a name that is a path
    return shards;
  }

  /**
   * Reads the configuration of a folder, before its weights are fetched.
   *
   * @throws dev.homolog.core.InputException if models of this kind are not read
   */
  public static void requireKnown(Path folder) {
    Path file = new ModelFolder(folder).file(CONFIG);
    try {
      if (Files.size(file) <= HuggingFaceCheckpoint.MAX_CONFIG_BYTES) {
        ModelConfigReader.read(file.toString(), Files.readAllBytes(file));
      } // else it is refused where the model is opened
    } catch (IOException e) {
      throw new InputException(file.toString(), "", "cannot be read", "check its permissions", e);
    }
  }
}
