package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A safetensors file, mapped read-only. Opening reads the header and checks every rule of the
 * format; no tensor's bytes are touched. Owns the mapping: every {@link StoredTensor} dies with
 * {@link #close()}. Tensors may be read from any thread.
 *
 * <p>A file that is made shorter while it is mapped faults when the lost part is read. The size is
 * therefore checked again whenever a tensor is handed out; writers should replace files, as {@link
 * SafetensorsWriter} does, not rewrite them.
 */
public final class SafetensorsFile implements AutoCloseable {
  private final MappedFile file;
  private final Map<String, String> metadata;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

  private SafetensorsFile(MappedFile file) {
    this.file = file;
    SafetensorsHeader header = SafetensorsHeader.parse(file.path().toString(), file.bytes());
    this.metadata = header.metadata();
    header.tensors(file.bytes()).forEach(tensor -> tensors.put(tensor.name(), tensor));
  }

  /**
   * Opens a file.
   *
   * @throws InputException if there is no such file, or if it breaks any rule of the format
   */
  public static SafetensorsFile open(Path path) {
    MappedFile file = MappedFile.open(path, "give the path of a .safetensors file");
    try {
      return new SafetensorsFile(file);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  public Path path() {
    return file.path();
  }

  /** The file's {@code __metadata__}, in its order; empty where it has none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * All tensors by name, in the order of their bytes in the file; read-only.
   *
   * @throws IllegalStateException after {@link #close()}
   * @throws InputException if the file's size has changed since it was opened
   */
  public Map<String, StoredTensor> tensors() {
    file.checkUsable();
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * The tensor of that name.
   *
   * @throws IllegalStateException after {@link #close()}
   * @throws InputException if there is none, or if the file's size has changed since it was opened
   */
  public StoredTensor tensor(String name) {
    file.checkUsable();
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new InputException(
          path(),
          StrictJson.clip(name),
          "no such tensor",
          "the file holds " + tensors.size() + " others");
    }
    return tensor;
  }

  /**
   * SHA-256 of the whole file as it is mapped, in hex; reads every byte.
   *
   * @throws IllegalStateException after {@link #close()}
   * @throws InputException if the file's size has changed since it was opened
   */
  public String sha256() {
    return file.sha256();
  }

  /**
   * Ends the mapping and all its tensors; a second call does nothing.
   *
   * @throws IllegalStateException if a channel or a native call holds a tensor at this moment; the
   *     file then stays open
   */
  @Override
  public void close() {
    file.close();
  }
}
