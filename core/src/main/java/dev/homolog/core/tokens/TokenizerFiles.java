package dev.homolog.core.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.ModelFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The files of a tokenizer in a folder that may come from a stranger: plain files of bounded size,
 * and JSON of bounded depth.
 *
 * @param main {@code tokenizer.json}, which need not be there
 * @param followLinks whether links may lead out of the folder
 */
record TokenizerFiles(Path main, boolean followLinks) {
  private static final int LARGEST = 128 << 20;
  private static final int LARGEST_CONFIG = 16 << 20;
  private static final int MOST_JSON = 6_000_000;
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
              .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
              .streamReadConstraints(
                  StreamReadConstraints.builder()
                      .maxNestingDepth(32)
                      .maxNumberLength(100)
                      .maxStringLength(LARGEST_CONFIG)
                      .maxTokenCount(MOST_JSON)
                      .build())
              .build());

  /** The first bytes of files that are often found in place of JSON. */
  private static final Map<String, String[]> OTHERS =
      Map.of(
          "version https://git-lfs",
          new String[] {"is a pointer of Git LFS, not the file itself", "run: git lfs pull"},
          "/annex/objects/",
          new String[] {"is a pointer of git-annex, not the file itself", "run: git annex get"},
          "\u001f\u008b",
          new String[] {"is compressed (gzip)", "unpack it with gunzip"},
          "\u0028\u00b5\u002f\u00fd",
          new String[] {"is compressed (zstd)", "unpack it with unzstd"},
          "PK\u0003\u0004",
          new String[] {"is a zip archive", "unpack it with unzip"},
          "\u00ef\u00bb\u00bf",
          new String[] {"begins with a byte order mark", "save it as UTF-8 without the mark"},
          "\u00ff\u00fe",
          new String[] {"is UTF-16", "save it as UTF-8"},
          "\u00fe\u00ff",
          new String[] {"is UTF-16", "save it as UTF-8"});

  /** Whether there is a file of that name beside the tokenizer, be it a broken link. */
  boolean has(String name) {
    return folder().has(name);
  }

  private ModelFolder folder() {
    Path parent = main.getParent();
    return new ModelFolder(parent == null ? Path.of("") : parent, followLinks);
  }

  /** A file beside the tokenizer. */
  Path beside(String name) {
    return main.resolveSibling(name);
  }

  /**
   * The bytes of a file.
   *
   * @throws InputException if it is none, leads out of the folder, is too large, or is plainly
   *     something else
   */
  byte[] bytes(Path file, String remedy) {
    return bytes(file, LARGEST, remedy);
  }

  private byte[] bytes(Path file, int largest, String remedy) {
    Path name = file.getFileName();
    if (name != null && name.toString().chars().allMatch(c -> c > ' ' && c < 0x7f && c != ':')) {
      folder().file(name.toString()); // refuses links that lead elsewhere
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      String kind = Files.isDirectory(file) ? "is a folder" : "is a pipe or a device";
      throw new InputException(file, "", kind + ", not a file", remedy);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(largest + 1);
      if (bytes.length > largest) {
        throw new InputException(file, "", "longer than " + largest + " bytes", remedy);
      }
      requireNoOther(file, bytes);
      return bytes;
    } catch (IOException e) {
      throw new InputException(
          file.toString(), "", "cannot be read (" + reason(e) + ")", "check its permissions", e);
    }
  }

  private static String reason(IOException e) {
    return e instanceof AccessDeniedException ? "access denied" : e.getMessage();
  }

  private static void requireNoOther(Path file, byte[] bytes) {
    String start = new String(bytes, 0, Math.min(bytes.length, 64), StandardCharsets.ISO_8859_1);
    OTHERS.forEach((first, words) -> {
      if (start.startsWith(first)) {
        throw new InputException(file, "", words[0], words[1]);
      }
    });
    if (start.stripLeading().startsWith("<")) {
      throw new InputException(
          file, "", "is a web page or XML, not JSON", "download the file itself");
    }
  }

  /** The object of a small file, where there is such a file. */
  Optional<ObjectNode> object(String name) {
    if (!has(name)) {
      return Optional.empty();
    }
    Path file = beside(name);
    String remedy = "give the " + name + " that belongs to the tokenizer, or leave it out";
    if (tree(file, bytes(file, LARGEST_CONFIG, remedy), remedy) instanceof ObjectNode object) {
      return Optional.of(object);
    }
    throw new InputException(file, "", "not a JSON object", remedy);
  }

  /**
   * The JSON of a file; missing where it is empty.
   *
   * @throws InputException if it is no JSON, or goes beyond the bounds
   */
  static JsonNode tree(Path file, byte[] bytes, String remedy) {
    try {
      return JSON.readTree(bytes);
    } catch (StreamConstraintsException e) {
      throw new InputException(
          file,
          "",
          "not JSON that a tokenizer needs: nested too deep, or a text or list is too long",
          remedy);
    } catch (JsonProcessingException e) {
      String problem = JsonLine.problem(e);
      int advice = problem.indexOf(": enable");
      throw new InputException(
          file, "", advice < 0 ? problem : problem.substring(0, advice), remedy);
    } catch (IOException e) {
      throw new InputException(file, "", "not JSON: " + e.getMessage(), remedy);
    }
  }

  /** What to say where there is no tokenizer that can be read. */
  InputException missing() {
    String lacks = "a model folder needs its tokenizer.json, or GPT-2's vocab.json and merges.txt";
    String save =
        "write one with Python's transformers: AutoTokenizer.from_pretrained(\"FOLDER\")"
            + ".save_pretrained(\"FOLDER\")";
    if (has("vocab.json") != has("merges.txt")) {
      String there = has("vocab.json") ? "vocab.json" : "merges.txt";
      String absent = has("vocab.json") ? "merges.txt" : "vocab.json";
      return new InputException(
          main, "", "no such file, and beside " + there + " there is no " + absent, lacks);
    }
    for (String other :
        new String[] {
          "vocab.txt",
          "tokenizer.model",
          "spiece.model",
          "sentencepiece.bpe.model",
          "tekken.json",
          "encoder.json"
        }) {
      if (has(other)) {
        return new InputException(
            main, "", "no such file; " + other + " alone does not say how text is cut", save);
      }
    }
    return new InputException(main, "", "no such file", lacks);
  }
}
