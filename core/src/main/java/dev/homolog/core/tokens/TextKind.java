package dev.homolog.core.tokens;

import dev.homolog.core.FileContents;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How a file of text is read, by its name.
 *
 * @param form what stands in it
 * @param packing how it is compressed
 */
record TextKind(Form form, Packing packing) {
  private static final String KNOWN =
      "give .txt, .json, .jsonl or .ndjson, each plain or with .gz or .zst behind, or .parquet";
  private static final int MOST_FILES = 10_000;

  /** What stands in a file. */
  enum Form {
    /** One document. */
    PLAIN(".txt"),
    /** A document a line. */
    LINES(".jsonl", ".ndjson"),
    /** A list of documents, or documents one after the other. */
    JSON(".json"),
    /** A document a row. */
    TABLE(".parquet");

    @SuppressWarnings("ImmutableEnumChecker") // List.of cannot be changed
    private final List<String> endings;

    Form(String... endings) {
      this.endings = List.of(endings);
    }
  }

  /** How a file is compressed. */
  enum Packing {
    NONE(FileContents.OTHER, ""),
    GZIP(FileContents.GZIP, ".gz"),
    ZSTD(FileContents.ZSTD, ".zst", ".zstd");

    private final FileContents contents;

    @SuppressWarnings("ImmutableEnumChecker") // List.of cannot be changed
    private final List<String> endings;

    Packing(FileContents contents, String... endings) {
      this.contents = contents;
      this.endings = List.of(endings);
    }
  }

  /** The kind that a name says; empty for a name of another kind. */
  static Optional<TextKind> find(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    for (Packing packing : Packing.values()) {
      for (String end : packing.endings) {
        for (Form form : Form.values()) {
          boolean possible = form != Form.TABLE || packing == Packing.NONE;
          if (possible && form.endings.stream().anyMatch(own -> name.endsWith(own + end))) {
            return Optional.of(new TextKind(form, packing));
          }
        }
      }
    }
    return Optional.empty();
  }

  /**
   * Of a file that is there and begins as its name says.
   *
   * @throws InputException if not
   */
  static TextKind require(Path file) {
    if (Files.isDirectory(file)) {
      throw new InputException(file, "", "a folder, not a file", inside(file));
    }
    TextKind kind = find(file).orElseThrow(() -> unknown(file));
    if (!Files.exists(file)) {
      throw new InputException(file, "", "no such file", "check the path given to --text");
    }
    if (!Files.isRegularFile(file)) { // it would block, or never end, and is read more than once
      throw new InputException(
          file, "", "is a pipe or a device, not a file", "write what it gives into a file");
    }
    kind.check(file);
    return kind;
  }

  private static InputException unknown(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    String remedy = KNOWN;
    if (name.endsWith(".xz") || name.endsWith(".bz2")) {
      boolean xz = name.endsWith(".xz");
      remedy = (xz ? FileContents.XZ : FileContents.BZIP2).remedy();
    } else if (name.endsWith(".arrow")) {
      remedy = "write it as .parquet";
    }
    return new InputException(file, "", "not a kind of text that is known", remedy);
  }

  /** Whether a document has fields, of which one may be its subset. */
  boolean fields() {
    return form != Form.PLAIN;
  }

  /** Whether zstd packs the file. */
  boolean zstd() {
    return packing == Packing.ZSTD;
  }

  /** Where a document stands in a file of this kind. */
  String place(long number) {
    return switch (form) {
      case PLAIN, LINES -> "line " + number;
      case JSON -> "document " + number;
      case TABLE -> "row " + number;
    };
  }

  private void check(Path file) {
    byte[] head;
    try (InputStream in = Files.newInputStream(file)) {
      head = in.readNBytes(FileContents.HEAD);
    } catch (IOException e) {
      return; // whoever reads it says why it cannot be read
    }
    FileContents found = FileContents.of(head);
    if (form == Form.TABLE) {
      if (found != FileContents.PARQUET) {
        throw holds(file, found, "no Parquet table");
      }
    } else if (packing == Packing.NONE) {
      if (found != FileContents.OTHER && found != FileContents.EMPTY) {
        throw holds(file, found, "");
      }
      TextHead.requireUtf8(file, head);
    } else if (found != packing.contents && (head.length > 0 || packing == Packing.GZIP)) {
      throw holds(file, found, "no " + packing.contents.description());
    }
  }

  /**
   * What a file holds that its name does not say.
   *
   * @param lacks what it should hold, for contents that have no name
   */
  private InputException holds(Path file, FileContents found, String lacks) {
    String name = file.getFileName().toString();
    String bare = name;
    for (String end : packing.endings) {
      if (name.toLowerCase(Locale.ROOT).endsWith(end)) {
        bare = name.substring(0, name.length() - end.length());
      }
    }
    String remedy =
        switch (found) {
          case GZIP -> "rename it to " + bare + ".gz";
          case ZSTD -> "rename it to " + bare + ".zst";
          case PARQUET -> "rename it to end in .parquet";
          case OTHER ->
              packing == Packing.NONE
                  ? "check that the file is whole"
                  : "rename it to " + bare + " if it is decompressed already";
          default -> found.remedy();
        };
    String problem =
        found == FileContents.OTHER ? "holds " + lacks : "holds " + found.description();
    return new InputException(file, "", problem, remedy);
  }

  /** What to write in place of a folder. */
  private static String inside(Path folder) {
    Map<String, Integer> endings = new HashMap<>();
    try (Stream<Path> walk = Files.walk(folder)) {
      walk.limit(MOST_FILES)
          .filter(Files::isRegularFile)
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.startsWith(".") && find(Path.of(name)).isPresent())
          .forEach(name -> endings.merge(ending(name), 1, Integer::sum));
    } catch (IOException | java.io.UncheckedIOException e) {
      return "name the files inside it";
    }
    return endings.entrySet().stream()
        .max(
            Map.Entry.<String, Integer>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
        .map(most -> "name the files inside it: --text '" + folder + "/**/*" + most.getKey() + "'")
        .orElse("it holds no file that is read; " + KNOWN);
  }

  private static String ending(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    for (Form form : Form.values()) {
      for (String own : form.endings) {
        for (Packing packing : Packing.values()) {
          for (String end : packing.endings) {
            if (lower.endsWith(own + end)) {
              return name.substring(name.length() - own.length() - end.length());
            }
          }
        }
      }
    }
    return name;
  }
}
