package dev.homolog.core.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.file.NewFile;
import dev.homolog.core.memory.DType;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.npy.NpyWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Tokenised text in files that NumPy reads, so that it need not be tokenised again:
 *
 * <ul>
 *   <li>{@code FILE.npy}: int32 [rows, context], BOS in front of each row;
 *   <li>{@code FILE.npy.documents.npy}: int64 [documents, 5], in the order of the text: where the
 *       document begins, counted in tokens without the rows' BOS; its file and its subset, as
 *       places in the lists of the next file, −1 for no subset; its line; malformed parts of it
 *       that were replaced;
 *   <li>{@code FILE.npy.json}: the files, the subsets, the tokenizer's identity, the hash of the
 *       ids.
 * </ul>
 */
public final class TokenCache {
  private static final String JSON_ENDING = ".json";
  private static final String DOCUMENTS_ENDING = ".documents.npy";
  private static final int COLUMNS = 5;
  private static final long LARGEST_JSON = 1 << 26;
  private static final String AGAIN = "write the cache again with homolog tokenize";

  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  private final Path file;
  private final String sha256;
  private final List<Path> files;
  private final List<String> subsets;
  private final TokenTable.Origin origin;

  private TokenCache(
      Path file, String sha256, List<Path> files, List<String> subsets, TokenTable.Origin origin) {
    this.file = file;
    this.sha256 = sha256;
    this.files = files;
    this.subsets = subsets;
    this.origin = origin;
  }

  private static Path beside(Path file, String ending) {
    return file.resolveSibling(file.getFileName() + ending);
  }

  /**
   * Checks that a cache may be written under a name, before the text is read. What a killed run has
   * left of a cache without the file of ids, which comes last, may be replaced.
   *
   * @throws InputException if it does not end in {@code .npy}, or if one of its files is there
   */
  public static void requireFree(Path file) {
    if (!file.toString().endsWith(".npy")) {
      throw new InputException(file, "", "is no name of a .npy file", "give one that ends in .npy");
    }
    for (String ending : List.of("", DOCUMENTS_ENDING, JSON_ENDING)) {
      Path path = beside(file, ending);
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !isLeft(file, path)) {
        throw new InputException(path, "", "is there already", "choose another --out");
      }
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new InputException(file, "", "its folder is not there", "make the folder first");
    }
  }

  /** Whether it is part of a cache that was never finished, and no file of the user's own. */
  private static boolean isLeft(Path file, Path part) {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        || !Files.isRegularFile(part, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try {
      if (part.equals(beside(file, JSON_ENDING))) {
        JsonNode json = read(part);
        return json.path("sha256").isTextual() && json.path("tokenizer").isTextual();
      }
      try (NpyFile npy = NpyFile.open(part)) {
        List<Long> shape = npy.shape();
        return npy.dtype() == DType.I64 && shape.size() == 2 && shape.get(1) == COLUMNS;
      }
    } catch (InputException e) {
      return false;
    }
  }

  /**
   * Writes a table: all three files, or none. Each is complete on disk before the first takes its
   * name. The file of ids comes last, so that where it is the others are too, and of the same
   * table.
   *
   * @param tokenizer that made the ids
   * @throws HomologException if a file cannot be written; none is there then
   */
  public static void write(Path file, TokenTable table, Tokenizer tokenizer) {
    List<Long> shape = List.of(table.rows(), (long) table.context());
    List<Long> ofDocuments = List.of((long) table.index().size(), (long) COLUMNS);
    Path names = beside(file, JSON_ENDING);
    Path documents = beside(file, DOCUMENTS_ENDING);
    try (NpyWriter index = NpyWriter.create(documents, DType.I64, ofDocuments);
        NewFile facts = NewFile.beside(names);
        NpyWriter ids = NpyWriter.create(file, DType.I32, shape)) {
      appendDocuments(index, table.index());
      Files.write(
          facts.path(),
          JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(facts(table, tokenizer)));
      ids.append(table.ids(0, table.rows()));
      try {
        index.commit();
        facts.commit();
        ids.commit();
      } catch (IOException | HomologException e) {
        for (Path made : List.of(file, names, documents)) {
          Files.deleteIfExists(made);
        }
        throw e;
      }
    } catch (IOException e) {
      throw new HomologException(names + ": cannot be written: " + NewFile.reason(e), e);
    }
  }

  private static void appendDocuments(NpyWriter to, DocumentIndex index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment rows = arena.allocate(ValueLayout.JAVA_LONG, (long) index.size() * COLUMNS);
      for (int i = 0; i < index.size(); i++) {
        long at = (long) i * COLUMNS;
        rows.setAtIndex(ValueLayout.JAVA_LONG, at, index.start(i));
        rows.setAtIndex(ValueLayout.JAVA_LONG, at + 1, index.fileNumber(i));
        rows.setAtIndex(ValueLayout.JAVA_LONG, at + 2, index.subset(i));
        rows.setAtIndex(ValueLayout.JAVA_LONG, at + 3, index.line(i));
        rows.setAtIndex(ValueLayout.JAVA_LONG, at + 4, index.replaced(i));
      }
      to.append(rows);
    }
  }

  private static ObjectNode facts(TokenTable table, Tokenizer tokenizer) {
    ObjectNode json = JSON.createObjectNode();
    json.put("rows", table.rows()).put("context", table.context());
    json.put("sha256", table.sha256()).put("tokenizer", tokenizer.identity());
    json.put("dropped_tail", table.droppedTail());
    json.put("share", table.share().part()).put("held_out", table.share().heldOut());
    json.put("documents_left_out", table.leftOut());
    json.put("text_column", table.fields().text());
    table.fields().subset().ifPresent(key -> json.put("subset_key", key));
    json.put("subsets_dropped", table.subsetsDropped());
    table.subsets().forEach(json.putArray("subsets")::add);
    table.index().files().forEach(path -> json.withArray("files").add(path.toString()));
    return json;
  }

  /**
   * What lies beside a file of ids; empty if nothing does.
   *
   * @throws InputException if it is damaged, of other ids, or made with another tokenizer
   */
  static Optional<TokenCache> beside(Path ids, List<Long> idsShape, Tokenizer tokenizer) {
    Path file = beside(ids, JSON_ENDING);
    if (!Files.exists(file)) {
      if (Files.exists(beside(ids, DOCUMENTS_ENDING))) {
        throw new InputException(file, "", "no such file", AGAIN);
      }
      return Optional.empty();
    }
    JsonNode json = read(file);
    String made = text(file, json, "tokenizer");
    if (!tokenizer.reads(made)) {
      throw new InputException(
          ids,
          "",
          "made with another tokenizer than " + tokenizer.file(),
          "tokenize the text again with homolog tokenize --model "
              + tokenizer.file().toAbsolutePath().getParent());
    }
    List<Long> shape = List.of(number(file, json, "rows"), number(file, json, "context"));
    if (!shape.equals(idsShape)) {
      throw new InputException(
          file, "rows", shape + " is not the shape of the ids, " + idsShape, AGAIN);
    }
    List<Path> files = new ArrayList<>();
    for (String path : texts(file, json, "files")) {
      try {
        files.add(Path.of(path));
      } catch (InvalidPathException e) {
        throw new InputException(file.toString(), "files", "a name that no file has", AGAIN, e);
      }
    }
    List<String> subsets = texts(file, json, "subsets");
    TokenTable.Origin origin =
        new TokenTable.Origin(
            number(file, json, "dropped_tail"),
            share(file, json),
            number(file, json, "documents_left_out"),
            fields(file, json),
            json.path("subsets_dropped").asBoolean());
    return Optional.of(new TokenCache(ids, text(file, json, "sha256"), files, subsets, origin));
  }

  private static JsonNode read(Path file) {
    try {
      if (Files.size(file) > LARGEST_JSON) {
        throw new InputException(file, "", "longer than " + LARGEST_JSON + " bytes", AGAIN);
      }
      JsonNode json = JSON.readTree(Files.readAllBytes(file));
      if (!json.isObject()) {
        throw new InputException(file, "", "not a JSON object", AGAIN);
      }
      return json;
    } catch (JsonProcessingException e) {
      throw new InputException(file, "", JsonLine.problem(e), AGAIN);
    } catch (IOException e) {
      throw new InputException(
          file.toString(), "", "cannot be read: " + e.getMessage(), "check the file", e);
    }
  }

  private static String text(Path file, JsonNode json, String key) {
    if (!json.path(key).isTextual()) {
      throw new InputException(file, key, "is not a string", AGAIN);
    }
    return json.path(key).textValue();
  }

  private static long number(Path file, JsonNode json, String key) {
    JsonNode value = json.path(key);
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw new InputException(file, key, "is not a number from 0", AGAIN);
    }
    return value.longValue();
  }

  private static List<String> texts(Path file, JsonNode json, String key) {
    List<String> texts = new ArrayList<>();
    for (JsonNode text : json.path(key)) {
      if (!text.isTextual()) {
        throw new InputException(file, key, "is not a list of strings", AGAIN);
      }
      texts.add(text.textValue());
    }
    return List.copyOf(texts);
  }

  private static Share share(Path file, JsonNode json) {
    try {
      return new Share(json.path("share").asDouble(), json.path("held_out").asBoolean());
    } catch (InputException e) {
      throw new InputException(file, "share", e.problem() + " is no share", AGAIN);
    }
  }

  /** Caches of older versions do not say, and were read as usual. */
  private static TextFields fields(Path file, JsonNode json) {
    Optional<String> subset =
        json.has("subset_key") ? Optional.of(text(file, json, "subset_key")) : Optional.empty();
    String column = json.has("text_column") ? text(file, json, "text_column") : "text";
    try {
      return new TextFields(column, subset);
    } catch (InputException e) {
      throw new InputException(file, "text_column", "an empty name", AGAIN);
    }
  }

  List<Path> files() {
    return files;
  }

  /** How the text was read. */
  TokenTable.Origin origin() {
    return origin;
  }

  /**
   * Reads the documents.
   *
   * @param into empty
   * @param end of the stream: what begins later is left out
   * @throws InputException if they are no documents of such a stream
   */
  void documents(DocumentIndex into, long end) {
    Path path = beside(file, DOCUMENTS_ENDING);
    try (NpyFile npy = NpyFile.open(path)) {
      List<Long> shape = npy.shape();
      if (npy.dtype() != DType.I64
          || shape.size() != 2
          || shape.get(0) < 1
          || shape.get(1) != COLUMNS) {
        throw new InputException(
            path, "shape", npy.dtype() + " " + shape + " is not I64 [documents, 5]", AGAIN);
      }
      long before = -1;
      for (long i = 0; i < shape.get(0); i++) {
        long start = value(npy, i, 0);
        if (i == 0 ? start != 0 : start <= before) {
          throw new InputException(
              path, "row " + i, "a document begins at " + start + " after " + before, AGAIN);
        }
        if (start >= end) {
          break;
        }
        before = start;
        add(npy, i, into);
      }
    }
  }

  private void add(NpyFile npy, long i, DocumentIndex into) {
    long number = value(npy, i, 1);
    long subset = value(npy, i, 2);
    if (number < 0
        || number >= files.size()
        || subset < DocumentIndex.NO_SUBSET
        || subset >= subsets.size()
        || value(npy, i, 4) < 0) {
      throw new InputException(
          npy.file(), "row " + i, "file " + number + " or subset " + subset + " is unknown", AGAIN);
    }
    into.add(value(npy, i, 0), (int) number, value(npy, i, 3));
    into.label(subset < 0 ? Optional.empty() : Optional.of(subsets.get((int) subset)));
    into.addReplaced(value(npy, i, 4));
  }

  private static long value(NpyFile npy, long row, int column) {
    return npy.data().get(ValueLayout.JAVA_LONG_UNALIGNED, (row * COLUMNS + column) * Long.BYTES);
  }

  /**
   * @param whole whether the table has all rows of the file
   * @throws InputException if the ids are not those that were written
   */
  void requireSame(TokenTable table, boolean whole) {
    if (whole && !table.sha256().equals(sha256)) {
      throw new InputException(
          beside(file, JSON_ENDING), "sha256", "is not that of the ids in " + file, AGAIN);
    }
  }
}
