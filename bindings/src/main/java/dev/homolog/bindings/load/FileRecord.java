package dev.homolog.bindings.load;

import dev.homolog.bindings.files.Trust;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What was known of unpacked files when they were hashed, kept beside them. To hash hundreds of
 * megabytes takes a second or more, so a file whose size, times and identity are as they were then
 * is not hashed again. The system sets the time of the last change itself: nobody but the
 * administrator can set it back.
 *
 * @param lines by the names of the files
 */
record FileRecord(Map<String, Line> lines) {
  private static final String FILE = ".sha256";
  private static final long MOST_BYTES = 1 << 16;
  private static final int PIECE = 1 << 20;

  /**
   * Of one file.
   *
   * @param sha256 64 hexadecimal digits
   * @param stamp size, times and identity of the file that had this hash
   */
  record Line(String sha256, String stamp) {}

  /** Reads that of a folder; empty if there is none that can be used. */
  static Optional<FileRecord> read(Path folder) {
    Path file = folder.resolve(FILE);
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          || Files.size(file) > MOST_BYTES
          || Trust.refusal(file).isPresent()) {
        return Optional.empty();
      }
      Map<String, Line> lines = new LinkedHashMap<>();
      for (String text : new String(Files.readAllBytes(file), StandardCharsets.UTF_8).split("\n")) {
        String[] parts = text.split("\t", -1);
        if (parts.length != 3) {
          return Optional.empty();
        }
        lines.put(parts[0], new Line(parts[1], parts[2]));
      }
      return Optional.of(new FileRecord(lines));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether a file is as it was when it was hashed, or has that hash still. */
  boolean holds(Path file) throws IOException {
    Line line = lines.get(file.getFileName().toString());
    return line != null && (line.stamp.equals(stamp(file)) || line.sha256.equals(sha256(file)));
  }

  /** Whether all files are as they were when they were hashed. */
  boolean isCurrent(Path folder) throws IOException {
    for (Map.Entry<String, Line> line : lines.entrySet()) {
      if (!line.getValue().stamp.equals(stamp(folder.resolve(line.getKey())))) {
        return false;
      }
    }
    return true;
  }

  /** That of files of these hashes as they lie in a folder now. */
  static FileRecord of(Path folder, Map<String, String> hashes) throws IOException {
    Map<String, Line> lines = new LinkedHashMap<>();
    for (Map.Entry<String, String> hash : hashes.entrySet()) {
      String stamp = stamp(folder.resolve(hash.getKey()));
      lines.put(hash.getKey(), new Line(hash.getValue(), stamp));
    }
    return new FileRecord(lines);
  }

  /** The same hashes of the files as they lie there now. */
  FileRecord renewed(Path folder) throws IOException {
    Map<String, String> hashes = new LinkedHashMap<>();
    lines.forEach((name, line) -> hashes.put(name, line.sha256));
    return of(folder, hashes);
  }

  /** Puts it into the folder, whole or not at all. */
  void write(Path folder) throws IOException {
    List<String> text =
        lines.entrySet().stream()
            .map(e -> e.getKey() + "\t" + e.getValue().sha256 + "\t" + e.getValue().stamp)
            .toList();
    Path fresh = Files.createTempFile(folder, FILE, ".tmp"); // readable by its owner alone
    try {
      Files.writeString(fresh, String.join("\n", text), StandardOpenOption.WRITE);
      Files.move(fresh, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /** Size, times and identity; the last two only where the system has them. */
  private static String stamp(Path file) throws IOException {
    BasicFileAttributes basic =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    String stamp = basic.size() + " " + basic.lastModifiedTime().to(TimeUnit.NANOSECONDS);
    if (file.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      Map<String, Object> unix =
          Files.readAttributes(file, "unix:ctime,ino", LinkOption.NOFOLLOW_LINKS);
      FileTime changed = (FileTime) unix.get("ctime");
      stamp += " " + changed.to(TimeUnit.NANOSECONDS) + " " + unix.get("ino");
    }
    return stamp;
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = digest();
    ByteBuffer buffer = ByteBuffer.allocate(PIECE);
    try (FileChannel channel = FileChannel.open(file, LinkOption.NOFOLLOW_LINKS)) {
      while (channel.read(buffer.clear()) > 0) {
        digest.update(buffer.flip());
      }
    }
    return hex(digest);
  }

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
