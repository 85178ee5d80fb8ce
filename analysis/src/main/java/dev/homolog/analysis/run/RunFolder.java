package dev.homolog.analysis.run;

import dev.homolog.analysis.file.AtomicFile;
import dev.homolog.analysis.file.JsonFile;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.analysis.state.CheckpointFolder;
import dev.homolog.analysis.state.PieceFolder;
import dev.homolog.analysis.table.ColumnType;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.analysis.table.TableReader;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.file.FolderLinks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The folder that a run, or one shard of a run, leaves behind. Every file in it is either absent or
 * complete: it is written under another name, forced to disk and renamed. {@code study.json},
 * written last by {@link #finish}, marks the run as finished; {@code shard.json} does so for a
 * shard. Until then no other run can take the folder. What a run has written goes where it fails;
 * what a killed run has left goes when the next one takes the folder. Used by one thread.
 */
public final class RunFolder implements AutoCloseable {
  private static final String STUDY = "study";
  private static final String SHARD = "shard";
  static final String STATE = "state";
  static final String CHOOSE = "choose another --out";
  private static final String RESTORE = "restore the file or run the study again";
  private static final String JOIN = "join all its shards with homolog merge";
  private static final String NAME_SHARD = "name the folder of a finished shard";
  private static final String NAME_ONE = "name the folder of a finished run";
  static final Pattern FILE_NAME = Pattern.compile("[a-z][a-z0-9_]*\\.[a-z0-9]+");

  private final Path path;
  private final FolderLinks links;
  private final Claim claim; // null in a folder that was opened
  private final List<Path> createdFolders; // the folders that were made for it, the innermost first
  private final Set<Path> written = new LinkedHashSet<>();
  private boolean finished;

  private RunFolder(Path path, boolean followLinks, Claim claim, List<Path> createdFolders) {
    this.path = path;
    this.links = new FolderLinks(path, followLinks, RESTORE);
    this.claim = claim;
    this.createdFolders = createdFolders;
    this.finished = claim == null;
  }

  /**
   * Makes the folder of a new run, and those above it, and checks that it can be written. It
   * belongs to this run alone until it is finished or closed, or this process ends.
   *
   * <p>Where a run was killed, the files that it had written are removed, if there are no others.
   *
   * @throws InputException it is a file or not empty, another run has taken it, or it cannot be
   *     made or written. Nothing has changed on disk then.
   */
  public static RunFolder create(Path out) {
    if (hasState(out)) {
      throw new InputException(
          out, "", "holds a run that was stopped", "go on with --resume, or " + CHOOSE);
    }
    return take(out);
  }

  /**
   * As above, or takes the folder of a run that was stopped and has saved its state. What else the
   * stopped run has written goes.
   *
   * @return empty where the run is finished; nothing has changed then
   */
  public static Optional<RunFolder> resume(Path out) {
    return isFinished(out) ? Optional.empty() : Optional.of(take(out));
  }

  /** Whether a folder holds a run that was stopped and has saved its state. */
  public static boolean hasState(Path out) {
    return Files.isDirectory(state(out), LinkOption.NOFOLLOW_LINKS)
        && !isFinished(out)
        && !isShard(out)
        && !(new CheckpointFolder(state(out)).isEmpty()
            && new PieceFolder(state(out), CHOOSE).isEmpty());
  }

  private static RunFolder take(Path out) {
    if (Files.exists(out) && !Files.exists(out.resolve(Claim.FILE))) {
      Vacancy.check(out, List.of()); // so that a folder that holds anything is not touched
    }
    List<Path> createdFolders = missing(out);
    Claim claim = null;
    try {
      Files.createDirectories(out);
      claim = Claim.take(out);
      Vacancy.clear(Vacancy.check(out, claim.left()));
      AtomicFile.forceFolder(out.toAbsolutePath().normalize().getParent());
      return new RunFolder(out, false, claim, createdFolders);
    } catch (IOException | InputException e) {
      if (claim != null) {
        claim.giveBack();
      }
      remove(createdFolders);
      if (e instanceof InputException refusal) {
        throw refusal;
      }
      throw new InputException(
          out.toString(),
          "",
          "cannot be written: " + AtomicFile.reason((IOException) e),
          CHOOSE,
          e);
    }
  }

  /**
   * Opens the folder of a finished run, whose links are followed only within it.
   *
   * @throws InputException it is none
   */
  public static RunFolder open(Path folder) {
    return open(folder, false);
  }

  /**
   * As above.
   *
   * @param followLinks whether links of the folder may lead out of it, as the user has said
   */
  public static RunFolder open(Path folder, boolean followLinks) {
    if (!Files.isDirectory(folder)) {
      String problem = Files.exists(folder) ? "is not a folder" : "does not exist";
      throw new InputException(folder, "", problem, NAME_ONE);
    }
    RunFolder run = new RunFolder(folder, followLinks, null, List.of());
    if (isShard(folder)) {
      throw new InputException(folder, "", "holds one shard of a study, and no tables", JOIN);
    }
    if (!run.links.has(STUDY + ".json")) {
      throw new InputException(folder, "", "holds no finished run (no study.json)", NAME_ONE);
    }
    run.json(STUDY);
    return run;
  }

  /** Whether a folder holds a finished run. */
  public static boolean isFinished(Path folder) {
    return Files.isRegularFile(folder.resolve(STUDY + ".json"));
  }

  /** Whether a folder holds a finished shard of a run. */
  public static boolean isShard(Path folder) {
    return Files.isRegularFile(folder.resolve(SHARD + ".json"), LinkOption.NOFOLLOW_LINKS)
        && !isFinished(folder);
  }

  /**
   * The {@code shard.json} of a finished shard.
   *
   * @throws InputException the folder holds none
   */
  public static Path shardFile(Path folder) {
    if (!Files.isDirectory(folder)) {
      String problem = Files.exists(folder) ? "is not a folder" : "does not exist";
      throw new InputException(folder, "", problem, NAME_SHARD);
    }
    if (!isShard(folder)) {
      boolean begun = !isFinished(folder) && hasState(folder);
      throw new InputException(
          folder,
          "",
          begun ? "holds a shard that is not finished" : "holds no shard of a study",
          begun ? "go on with its command and --resume" : NAME_SHARD);
    }
    return folder.resolve(SHARD + ".json");
  }

  /** The folder. */
  public Path path() {
    return path;
  }

  /**
   * Where the run may save its state; need not be there, and goes when it is finished. That of a
   * shard stays.
   */
  public Path state() {
    return state(path);
  }

  /** The state of the run in a folder. */
  public static Path state(Path folder) {
    return folder.resolve(STATE);
  }

  /**
   * Writes a table to {@code <name>.parquet} or {@code <name>.csv}, in place of one that is there.
   *
   * @return the file
   * @throws HomologException it cannot be written; the file is not there, or as it was
   * @throws IllegalStateException the run is finished or closed
   */
  public Path write(Table table, TableFormat format) {
    return write(List.of(table).iterator(), format);
  }

  /**
   * Writes a table that is too large to be held: its parts, of equal name and schema, one after the
   * other. They are requested one at a time; exceptions of the iterator are passed on.
   *
   * @param parts at least one
   * @throws IllegalArgumentException the parts differ in name or schema
   */
  public Path write(Iterator<Table> parts, TableFormat format) {
    var ahead = new TableParts(parts);
    Path file = file(ahead.name(), format);
    return writeData(file, temporary -> format.write(temporary, ahead));
  }

  /**
   * Writes {@code <name>.json}, indented, keys in the order given, null for NaN and the infinities.
   *
   * @param value facts, or maps, lists, arrays, texts and numbers
   * @return the file
   * @throws HomologException it cannot be written; the file is not there, or as it was
   * @throws IllegalStateException the run is finished or closed
   */
  public Path writeJson(String name, Object value) {
    if (name.equals(STUDY) || name.equals(SHARD)) {
      throw new IllegalArgumentException(name + ".json is written by finish");
    }
    return writeData(jsonFile(name), temporary -> JsonFile.write(temporary, plain(value)));
  }

  /**
   * Writes a text file, such as {@code report.html}, in UTF-8; a finished run takes it too.
   *
   * @return the file
   * @throws HomologException it cannot be written; the file is not there, or as it was
   */
  public Path writeText(String fileName, String text) {
    if (!FILE_NAME.matcher(fileName).matches()) {
      throw new IllegalArgumentException("a file cannot be named " + fileName);
    }
    return write(path.resolve(fileName), temporary -> Files.writeString(temporary, text));
  }

  /**
   * Writes {@code study.json}, which makes this a finished run: from here on no table and no JSON
   * is written.
   *
   * @throws HomologException it cannot be written; the run is not finished
   * @throws IllegalStateException the run is finished or closed
   */
  public void finish(Object study) {
    writeData(jsonFile(STUDY), temporary -> JsonFile.write(temporary, plain(study)));
    finished = true;
    new CheckpointFolder(state()).remove();
    claim.release();
  }

  /**
   * Writes {@code shard.json}, which makes this a finished shard. Its state stays.
   *
   * @throws HomologException it cannot be written; the shard is not finished
   * @throws IllegalStateException the run is finished or closed
   */
  public void finishShard(Object shard) {
    writeData(jsonFile(SHARD), temporary -> JsonFile.write(temporary, plain(shard)));
    finished = true;
    claim.release();
  }

  /**
   * Gives up the folder of an unfinished run, and removes the tables and JSON that were written, so
   * that the same run can be tried again. A saved state stays. Does nothing for a finished run.
   */
  @Override
  public void close() {
    if (!finished) {
      finished = true;
      remove(List.copyOf(written));
      claim.release();
      remove(createdFolders);
    }
  }

  /** Whether the folder has that table, in either format. */
  public boolean has(String table) {
    return Arrays.stream(TableFormat.values())
        .anyMatch(f -> links.has(file(table, f).getFileName().toString()));
  }

  /**
   * Reads a table in whichever format it is there; see {@link Table#read(Path)}.
   *
   * @throws InputException the run has no such table, or it cannot be read
   */
  public Table read(String table) {
    return Table.read(find(table));
  }

  /** As {@link #read(String)}, the first so many rows only; the rest is not read. */
  public Table first(String table, int rows) {
    try (TableReader reader = new TableReader(path)) {
      return reader.first(find(table), rows);
    }
  }

  /**
   * The file of a table.
   *
   * @throws InputException the run has no such table
   */
  public Path file(String table) {
    return find(table);
  }

  /** As {@link #read(String)}, these columns only, as these types. */
  public Table read(String table, SequencedMap<String, ColumnType> columns) {
    return Table.read(find(table), columns);
  }

  /**
   * As {@link #read(String)}, these columns only, as these types, of these rows only: of a table
   * that is too large to be held whole.
   *
   * @return nothing where the run has no such table, or the table not all of these columns
   * @throws InputException it cannot be read, or a column that a condition names is missing or of
   *     another type
   */
  public Optional<Table> find(
      String table, SequencedMap<String, ColumnType> columns, RowFilter rows) {
    if (!has(table)) {
      return Optional.empty();
    }
    try (TableReader reader = new TableReader(path)) {
      return reader.find(find(table), columns, rows);
    }
  }

  /**
   * Where {@code <name>.json} lies, for a reader of JSON; it need not be there.
   *
   * @throws InputException it is a link that leads out of the folder, or is no file
   */
  public Path json(String name) {
    return toRead(jsonFile(name));
  }

  /** A file that may be opened: pipes and devices are not, nor what lies elsewhere. */
  private Path toRead(Path file) {
    links.file(file.getFileName().toString(), List::of);
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new InputException(file, "", "is not a file", RESTORE);
    }
    return file;
  }

  private static Object plain(Object value) {
    return value instanceof Facts facts ? facts.asMap() : value;
  }

  private Path find(String table) {
    return Arrays.stream(TableFormat.values())
        .map(format -> file(table, format))
        .filter(file -> links.has(file.getFileName().toString()))
        .findFirst()
        .map(this::toRead)
        .orElseThrow(() ->
            new InputException(
                path, "", "has no table " + table, "run the command that writes it"));
  }

  private Path file(String table, TableFormat format) {
    return path.resolve(Table.checkName(table) + "." + format.extension());
  }

  private Path jsonFile(String name) {
    return path.resolve(Table.checkName(name) + ".json");
  }

  private Path writeData(Path file, AtomicFile.Content content) {
    if (finished) {
      throw new IllegalStateException(path + " is finished or closed");
    }
    if (written.add(file)) {
      try {
        claim.note(file.getFileName().toString());
      } catch (IOException e) {
        throw failed(file, e);
      }
    }
    return write(file, content);
  }

  private static Path write(Path file, AtomicFile.Content content) {
    try {
      AtomicFile.write(file, content);
      return file;
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static HomologException failed(Path file, IOException e) {
    return new HomologException(
        "cannot write " + file + ": " + AtomicFile.reason(e) + "; make room for it or " + CHOOSE,
        e);
  }

  /** The folders on the way to a folder, it included, that are not there yet, innermost first. */
  private static List<Path> missing(Path out) {
    List<Path> missing = new ArrayList<>();
    Path folder = out.toAbsolutePath().normalize();
    while (folder != null && !Files.exists(folder)) {
      missing.add(folder);
      folder = folder.getParent();
    }
    return missing;
  }

  private static void remove(List<Path> folders) {
    try {
      for (Path folder : folders) {
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      // It is not empty and stays, or it cannot be removed. Only the original failure is reported.
    }
  }
}
