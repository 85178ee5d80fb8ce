package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a file is by its first bytes, where its name says something else, and what mends it. */
enum FileKind {
  /** Tensors in the safetensors format. */
  SAFETENSORS("safetensors"),
  /** A state dict of torch.save. */
  TORCH("a file of torch.save"),
  /** One JSON object. */
  JSON("JSON");

  private static final int START = 512;
  private static final int SHORT_TEXT = 300;
  private static final Pattern TEXT = Pattern.compile("[\\x20-\\x7e\\r\\n\\t]+");
  private static final Pattern WEB_PAGE =
      Pattern.compile("\\s*(<!doctype html|<html|<head|<\\?xml)", Pattern.CASE_INSENSITIVE);
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A way of packing a single file. */
  private record Packing(String magic, String name, String extension, String unpack) {}

  private static final List<Packing> PACKINGS =
      List.of(
          new Packing("\37\u008b", "gzip", ".gz", "gzip -d "),
          new Packing("(\u00b5/\u00fd", "zstd", ".zst", "zstd -d --rm "),
          new Packing("BZh", "bzip2", ".bz2", "bzip2 -d "),
          new Packing("\u00fd7zXZ\0", "xz", ".xz", "xz -d "),
          new Packing("\4\"M\30", "lz4", ".lz4", "lz4 -d --rm "));

  /** What a file is, and the remedy. */
  private record Found(String problem, String remedy) {}

  private final String title;

  FileKind(String title) {
    this.title = title;
  }

  /**
   * Refuses a file that is known to be something else.
   *
   * @param file for its name
   * @param bytes all of it
   * @throws InputException naming what it is, and how to get what its name says
   */
  void require(Path file, MemorySegment bytes) {
    String start = start(bytes);
    String name = file.getFileName().toString();
    Optional<Found> found = notFetched(start, bytes.byteSize());
    if (found.isEmpty()) {
      found = packed(start, name);
    }
    if (found.isEmpty()) {
      found = otherFormat(start, bytes, name);
    }
    found.ifPresent(f -> {
      throw new InputException(file, "", f.problem, f.remedy);
    });
  }

  /** How a packed file beside a missing one is unpacked; empty where there is none. */
  static Optional<InputException> packedBeside(ModelFolder folder, String name) {
    for (Packing packing : PACKINGS) {
      String packed = name + packing.extension;
      if (folder.has(packed)) {
        return Optional.of(
            new InputException(
                folder.path(),
                name,
                "is missing, but " + packed + " is there",
                "unpack it: " + packing.unpack + packed));
      }
    }
    return Optional.empty();
  }

  private static String start(MemorySegment bytes) {
    byte[] start =
        bytes.asSlice(0, Math.min(START, bytes.byteSize())).toArray(ValueLayout.JAVA_BYTE);
    return new String(start, StandardCharsets.ISO_8859_1);
  }

  /** What stands in for a file that was not fetched. */
  private static Optional<Found> notFetched(String start, long size) {
    if (start.startsWith("version https://git-lfs")) {
      return Optional.of(
          new Found("is a pointer of Git LFS, not the file itself", "fetch it: git lfs pull"));
    }
    if (start.startsWith("/annex/objects/")
        || size < START && start.contains("/.git/annex/objects/")) {
      return Optional.of(
          new Found("is a pointer of git-annex, not the file itself", "fetch it: git annex get ."));
    }
    if (WEB_PAGE.matcher(start).lookingAt()) {
      return Optional.of(
          new Found(
              "is a web page, not the file itself",
              "fetch it again: hf download ORG/NAME, or from an address of the file itself"));
    }
    boolean text = size > 0 && size < SHORT_TEXT && TEXT.matcher(start).matches();
    return text && !start.stripLeading().startsWith("{") && !start.stripLeading().startsWith("[")
        ? Optional.of(
            new Found(
                "holds only the text " + StrictJson.describe(start.strip()),
                "fetch it again: hf download ORG/NAME"))
        : Optional.empty();
  }

  private static Optional<Found> packed(String start, String name) {
    return PACKINGS.stream()
        .filter(packing -> start.startsWith(packing.magic))
        .findFirst()
        .map(packing -> {
          String packed = name + packing.extension;
          return new Found(
              "is compressed with " + packing.name,
              "unpack it: mv " + name + " " + packed + " && " + packing.unpack + packed);
        });
  }

  private Optional<Found> otherFormat(String start, MemorySegment bytes, String name) {
    boolean torch =
        start.startsWith("PK\3\4") && start.contains("/data.pkl")
            || start.startsWith("\u0080\2\u008a\n\u006c\u00fc\u009cF\u00f9 j\u00a8P\u0019");
    if (torch && this != TORCH) {
      return Optional.of(
          new Found("is a file of torch.save, not " + title, rename(name, "pytorch_model.bin")));
    }
    if (start.startsWith("PK\3\4") && this != TORCH) {
      return Optional.of(new Found("is a zip archive, not " + title, "unpack it: unzip " + name));
    }
    if (this != SAFETENSORS && isSafetensors(start, bytes)) {
      return Optional.of(
          new Found("is safetensors, not " + title, rename(name, "model.safetensors")));
    }
    if (start.startsWith("\u0089HDF\r\n")) {
      return Optional.of(
          new Found(
              "is an HDF5 file, as TensorFlow writes",
              "load it with from_pretrained(folder, from_tf=True), then save_pretrained(folder)"));
    }
    if (start.startsWith("GGUF")) {
      return Optional.of(
          new Found("is a GGUF file, as llama.cpp reads", "give the model that it was made from"));
    }
    if (start.startsWith("\u0093NUMPY")) {
      return Optional.of(new Found("is an array of NumPy, not " + title, "give the model's file"));
    }
    return Optional.empty();
  }

  private static boolean isSafetensors(String start, MemorySegment bytes) {
    return start.length() > Long.BYTES + 1
        && start.startsWith("{\"", Long.BYTES)
        && bytes.get(LENGTH, 0) > 0
        && bytes.get(LENGTH, 0) <= bytes.byteSize() - Long.BYTES;
  }

  private static String rename(String name, String right) {
    String plain = name.toLowerCase(Locale.ROOT);
    return plain.equals("model.safetensors") || plain.equals("pytorch_model.bin")
        ? "rename it: mv " + name + " " + right
        : "rename it and what names it to what it is, or save the model again";
  }
}
