package dev.homolog.analysis.state;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.file.AtomicFile;
import dev.homolog.analysis.file.JsonFile;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The checkpoints of one run, the last two of them. A checkpoint is a safetensors file and a JSON
 * file that names its size, its checksum, where the run was, and the {@link Identity} of the run.
 * The JSON file is written last, so it stands for a whole checkpoint. At every moment the previous
 * or the new one can be read. Used by one thread.
 */
public final class CheckpointFolder {
  /** Part of a run's state: the reading of the close look. */
  public static final String CLOSE_UP = "close-up";

  /** Part of a run's state: finished steps that read no text through a pass. */
  public static final String JOURNAL = "journal";

  private static final String ANOTHER =
      "give what was given before, choose another --out, or remove this folder and begin anew";

  static final String REMEDY = "choose another --out, or remove this folder and begin anew";

  /** Folders within it, of work that is saved on its own. */
  private static final List<String> PARTS = List.of(CLOSE_UP, JOURNAL);

  private static final String BEGINNING = "checkpoint-";
  private static final Pattern NAME = Pattern.compile(BEGINNING + "(\\d{1,9})\\.json");

  private final Path folder;
  private final Disk disk;
  private Optional<Integer> lastWhole =
      Optional.empty(); // so that it is not read again to be checked

  /** The checkpoints in a folder, which need not be there. */
  public CheckpointFolder(Path folder) {
    this(folder, Disk.ofTheSystem());
  }

  CheckpointFolder(Path folder, Disk disk) {
    this.folder = folder;
    this.disk = disk;
  }

  /** The folder. */
  public Path path() {
    return folder;
  }

  /**
   * A state that was saved; its numbers can be read until it is closed.
   *
   * @param position where the run was
   */
  public record Saved(Position position, StateReader numbers, SafetensorsFile file)
      implements AutoCloseable {
    @Override
    public void close() {
      file.close();
    }
  }

  /**
   * The checkpoints of a part of the run's work, in a folder within this one.
   *
   * @param name {@link #CLOSE_UP} or {@link #JOURNAL}
   */
  public CheckpointFolder part(String name) {
    if (!PARTS.contains(name)) {
      throw new IllegalArgumentException(name);
    }
    return new CheckpointFolder(folder.resolve(name), disk);
  }

  /** Whether no checkpoint was written here or in a part; a damaged one counts as written. */
  public boolean isEmpty() {
    return numbers().isEmpty() && PARTS.stream().allMatch(part -> part(part).numbers().isEmpty());
  }

  /**
   * The last checkpoint that is whole.
   *
   * @return empty if none has been written
   * @throws InputException it is of a run of another identity, or none of those that were written
   *     can be read
   */
  public Optional<Saved> last(Identity identity) {
    List<Integer> numbers = numbers();
    for (int number : numbers) {
      Optional<JsonNode> manifest = file(number).whole();
      if (manifest.isPresent()) {
        requireSame(identity, number, manifest.get());
        SafetensorsFile file = SafetensorsFile.open(data(number));
        lastWhole = Optional.of(number);
        Position position = position(manifest.get());
        return Optional.of(new Saved(position, new StateReader(file, "", REMEDY), file));
      }
    }
    if (!numbers.isEmpty()) {
      throw new InputException(folder, "", "holds no checkpoint that is whole", REMEDY);
    }
    return Optional.empty();
  }

  /**
   * Finds that no checkpoint, here or in a part, is of another run. Reads no numbers.
   *
   * @throws InputException one is
   */
  public void requireAllOf(Identity identity) {
    requireOwnOf(identity);
    PARTS.forEach(part -> part(part).requireOwnOf(identity));
  }

  private void requireOwnOf(Identity identity) {
    for (int number : numbers()) {
      JsonNode manifest;
      try {
        manifest = JsonFile.read(manifest(number));
      } catch (InputException e) {
        continue; // a damaged one is no run's
      }
      requireSame(identity, number, manifest);
    }
  }

  private void requireSame(Identity identity, int number, JsonNode manifest) {
    identity
        .difference(StateFile.identity(manifest))
        .ifPresent(difference -> {
          throw new InputException(
              manifest(number), "", "is of another run: " + difference, ANOTHER);
        });
  }

  private static Position position(JsonNode manifest) {
    JsonNode position = manifest.path("position");
    return new Position(
        position.path("passes").asInt(),
        position.path("rows_a_pass").asInt(),
        position.path("pass").asInt(),
        position.path("seen").asLong(),
        position.path("seconds").asDouble(Double.NaN));
  }

  /**
   * Writes a checkpoint, after removing all but the last whole one. So there are two at most.
   *
   * @param content puts the numbers, which stay as they are until this returns
   * @return its size in bytes
   * @throws HomologException it cannot be written; the last one stands
   */
  public long write(
      Kernels kernels, Identity identity, Position position, Consumer<StateWriter> content) {
    List<Integer> numbers = numbers();
    int number = numbers.isEmpty() ? 1 : numbers.getFirst() + 1;
    try {
      StateFile.make(folder);
      removeAllBut(
          lastWhole.or(
              () -> numbers.stream().filter(n -> file(n).whole().isPresent()).findFirst()));
      long bytes = file(number).write(kernels, facts(identity, position), content);
      lastWhole = Optional.of(number);
      return bytes;
    } catch (IOException e) {
      throw new HomologException(
          folder
              + ": the state of the run cannot be saved ("
              + AtomicFile.reason(e)
              + "); make room for it, and go on with --resume",
          e);
    }
  }

  private static Map<String, Object> facts(Identity identity, Position position) {
    Map<String, Object> where = new LinkedHashMap<>();
    where.put("passes", position.passes());
    where.put("rows_a_pass", position.rowsAPass());
    where.put("pass", position.pass());
    where.put("seen", position.seen());
    where.put("seconds", position.seconds());
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("position", where);
    facts.put("identity", identity.facts());
    return facts;
  }

  /** Manifests go first, so that none stands for a file that is gone. */
  private void removeAllBut(Optional<Integer> kept) throws IOException {
    List<Path> manifests = new ArrayList<>();
    List<Path> others = new ArrayList<>();
    for (Path file : files()) {
      boolean stays =
          kept.isPresent() && (file.equals(manifest(kept.get())) || file.equals(data(kept.get())));
      if (!stays) {
        (NAME.matcher(file.getFileName().toString()).matches() ? manifests : others).add(file);
      }
    }
    manifests.addAll(others);
    for (Path file : manifests) {
      disk.delete(file);
    }
  }

  /** Removes all checkpoints, those of parts too, and the folder, when the run is finished. */
  public void remove() {
    PARTS.forEach(part -> part(part).removeAll());
    removeAll();
  }

  private void removeAll() {
    try {
      if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        removeAllBut(Optional.empty());
        disk.delete(folder);
      }
    } catch (IOException e) {
      // They stay, and nobody reads them: the run is finished.
    }
  }

  /** Numbers of the manifests that are there, the last first. */
  private List<Integer> numbers() {
    try {
      return files().stream()
          .map(file -> NAME.matcher(file.getFileName().toString()))
          .filter(Matcher::matches)
          .map(name -> Integer.valueOf(name.group(1)))
          .sorted(Comparator.reverseOrder())
          .toList();
    } catch (IOException e) {
      throw new InputException(
          folder.toString(), "", "cannot be read: " + AtomicFile.reason(e), REMEDY, e);
    }
  }

  /** The files in the folder that are ours by their names. */
  private List<Path> files() throws IOException {
    return StateFile.files(folder, BEGINNING);
  }

  private StateFile file(int number) {
    return new StateFile(folder, BEGINNING + number, disk);
  }

  private Path manifest(int number) {
    return file(number).manifest();
  }

  private Path data(int number) {
    return file(number).data();
  }
}
