package dev.homolog.analysis.state;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.file.AtomicFile;
import dev.homolog.analysis.file.JsonFile;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.file.NewFile;
import dev.homolog.core.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * The sums of pieces of a text, each in two files that stand for a whole piece or none. Used by one
 * thread.
 */
public final class PieceFolder {
  private static final String BEGINNING = "piece-";

  private final Path folder;
  private final String remedy;

  /**
   * The pieces in a folder, which need not be there.
   *
   * @param remedy of a piece that cannot be used
   */
  public PieceFolder(Path folder, String remedy) {
    this.folder = folder;
    this.remedy = remedy;
  }

  /** The folder. */
  public Path path() {
    return folder;
  }

  /**
   * Which piece it is.
   *
   * @param pass counted from 0
   * @param rowsAPass neurons of the reference a pass
   * @param from positions of the text before it
   * @param to positions of the text up to its end
   */
  public record Place(int pass, int rowsAPass, long from, long to) {
    private String name() {
      return BEGINNING + pass + "-" + from;
    }

    private Map<String, Object> facts() {
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("pass", pass);
      facts.put("rows_a_pass", rowsAPass);
      facts.put("from", from);
      facts.put("to", to);
      return facts;
    }

    private static Place of(JsonNode place) {
      return new Place(
          place.path("pass").asInt(-1),
          place.path("rows_a_pass").asInt(-1),
          place.path("from").asLong(-1),
          place.path("to").asLong(-1));
    }
  }

  /** The numbers of a piece, which can be read until it is closed. */
  public record Piece(StateReader numbers, SafetensorsFile file) implements AutoCloseable {
    @Override
    public void close() {
      file.close();
    }
  }

  /** Whether no piece was written here, be it damaged. */
  public boolean isEmpty() {
    return manifests().isEmpty();
  }

  /**
   * Neurons a pass of the run that wrote the pieces, by the first whose manifest can be read; they
   * are checked with the piece.
   */
  public OptionalInt rowsAPass() {
    for (Path manifest : manifests()) {
      try {
        int rows = Place.of(JsonFile.read(manifest).path("place")).rowsAPass();
        if (rows > 0) {
          return OptionalInt.of(rows);
        }
      } catch (InputException e) {
        // Another piece may tell; a damaged one is written anew.
      }
    }
    return OptionalInt.empty();
  }

  /**
   * Finds that no piece is of another run, such as another shard.
   *
   * @throws InputException one is
   */
  public void requireAllOf(Identity identity) {
    for (Path manifest : manifests()) {
      JsonNode facts;
      try {
        facts = JsonFile.read(manifest);
      } catch (InputException e) {
        continue; // a damaged one is written anew
      }
      requireSame(manifest, facts, identity);
    }
  }

  /** Whether a piece is there and whole; reads all of it. */
  public boolean has(Place place) {
    return whole(place).isPresent();
  }

  private Optional<JsonNode> whole(Place place) {
    return file(place).whole().filter(facts -> Place.of(facts.path("place")).equals(place));
  }

  /**
   * Finds that a piece is there, whole and of a run; reads all of it.
   *
   * @throws InputException it is missing, damaged, or of a run of another identity
   */
  public void require(Place place, Identity identity) {
    StateFile file = file(place);
    if (!Files.exists(file.manifest()) || !Files.exists(file.data())) {
      Path missing = Files.exists(file.manifest()) ? file.data() : file.manifest();
      throw new InputException(missing, "", "is missing", remedy);
    }
    Optional<JsonNode> manifest = whole(place);
    if (manifest.isEmpty()) {
      throw new InputException(
          file.data(), "", "is damaged: it is not what its .json says", remedy);
    }
    requireSame(file.manifest(), manifest.get(), identity);
  }

  private void requireSame(Path manifest, JsonNode facts, Identity identity) {
    identity
        .difference(StateFile.identity(facts))
        .ifPresent(difference -> {
          throw new InputException(manifest, "", "is of another run: " + difference, remedy);
        });
  }

  /** Opens a piece that was found to be whole. */
  public Piece open(Place place) {
    SafetensorsFile file = SafetensorsFile.open(file(place).data());
    return new Piece(new StateReader(file, "", remedy), file);
  }

  /**
   * Writes a piece, in place of one that is damaged.
   *
   * @param content puts the numbers, which stay as they are until this returns
   * @throws HomologException it cannot be written; the others stand
   */
  public void write(
      Kernels kernels, Identity identity, Place place, Consumer<StateWriter> content) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("place", place.facts());
    facts.put("identity", identity.facts());
    try {
      StateFile.make(folder);
      removeHalfWritten();
      StateFile file = file(place);
      file.remove();
      file.write(kernels, facts, content);
    } catch (IOException e) {
      throw new HomologException(
          folder
              + ": a piece of the shard cannot be saved ("
              + AtomicFile.reason(e)
              + "); make room for it, and go on with --resume",
          e);
    }
  }

  private void removeHalfWritten() throws IOException {
    for (Path file : StateFile.files(folder, NewFile.PREFIX)) {
      Files.deleteIfExists(file);
    }
  }

  private StateFile file(Place place) {
    return new StateFile(folder, place.name(), Disk.ofTheSystem());
  }

  private List<Path> manifests() {
    try {
      return StateFile.files(folder, BEGINNING).stream()
          .filter(file -> file.getFileName().toString().matches(BEGINNING + "\\d+-\\d+\\.json"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new InputException(
          folder.toString(), "", "cannot be read: " + AtomicFile.reason(e), remedy, e);
    }
  }
}
