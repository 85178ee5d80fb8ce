package dev.homolog.analysis.state;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.file.JsonFile;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.SafetensorsWriter;
import dev.homolog.core.file.NewFile;
import dev.homolog.core.kernels.Kernels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * Numbers by name in a folder: a safetensors file, and a JSON file that names its size, its
 * checksum and facts. The JSON file is written last, so it stands for a whole one. Each is forced
 * before it is renamed.
 */
final class StateFile {
  private static final int FORMAT = 1;
  private static final int BUFFER = 1 << 20;

  private final Path folder;
  private final String name;
  private final Disk disk;

  /** The file of that name, which need not be there. */
  StateFile(Path folder, String name, Disk disk) {
    this.folder = folder;
    this.name = name;
    this.disk = disk;
  }

  /** The JSON file. */
  Path manifest() {
    return folder.resolve(name + ".json");
  }

  /** The safetensors file. */
  Path data() {
    return folder.resolve(name + ".safetensors");
  }

  /** The facts of one whose data have the size and checksum that it names; reads all of it. */
  Optional<JsonNode> whole() {
    if (!isFile(manifest()) || !isFile(data())) {
      return Optional.empty();
    }
    try {
      JsonNode manifest = JsonFile.read(manifest());
      boolean whole =
          manifest.path("format").asInt() == FORMAT
              && manifest.path("bytes").asLong(-1) == Files.size(data())
              && manifest.path("crc32c").asLong(-1) == checksum(data());
      return whole ? Optional.of(manifest) : Optional.empty();
    } catch (InputException | IOException e) {
      return Optional.empty(); // another may be whole
    }
  }

  /** Neither a link nor in a folder that is one. */
  private static boolean isFile(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.isDirectory(file.getParent(), LinkOption.NOFOLLOW_LINKS);
  }

  private static long checksum(Path file) throws IOException {
    CRC32C sum = new CRC32C();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (channel.read(buffer.clear()) >= 0) {
        sum.update(buffer.flip());
      }
    }
    return sum.getValue();
  }

  /** The identity that a manifest names, by name. */
  static Map<String, String> identity(JsonNode manifest) {
    Map<String, String> facts = new LinkedHashMap<>();
    manifest
        .path("identity")
        .properties()
        .forEach(fact -> facts.put(fact.getKey(), fact.getValue().asText()));
    return facts;
  }

  /**
   * Writes both files, and waits until they are on the disk.
   *
   * @param content puts the numbers, which stay as they are until this returns
   * @return bytes of the data
   */
  long write(Kernels kernels, Map<String, Object> facts, Consumer<StateWriter> content)
      throws IOException {
    SafetensorsWriter file = new SafetensorsWriter(data());
    content.accept(new StateWriter(kernels, file, ""));
    CRC32C sum = new CRC32C();
    long bytes = create(data(), out -> file.writeTo(new Summed(out, sum)));
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("format", FORMAT);
    manifest.put("bytes", bytes);
    manifest.put("crc32c", sum.getValue());
    manifest.putAll(facts);
    byte[] json = JsonFile.bytes(manifest);
    create(manifest(), out -> writeAll(out, ByteBuffer.wrap(json)));
    disk.forceFolder(folder);
    return bytes;
  }

  /** The manifest goes first, so that it never stands for a file that is gone. */
  void remove() throws IOException {
    disk.delete(manifest());
    disk.delete(data());
  }

  /**
   * Makes a folder of such files.
   *
   * @throws IOException it cannot be made, or is a link, and what that leads to is not the run's
   */
  static void make(Path folder) throws IOException {
    Files.createDirectories(folder);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException("it is a link");
    }
  }

  /** What lies in a folder under names that begin so, and what was left half written there. */
  static List<Path> files(Path folder, String beginning) throws IOException {
    List<Path> files = new ArrayList<>();
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return files;
    }
    try (var entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.startsWith(beginning) || name.startsWith(NewFile.PREFIX)) {
          files.add(entry);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return files;
  }

  /** What writes a file's bytes. */
  private interface Content {
    void writeTo(WritableByteChannel out) throws IOException;
  }

  /** Writes a file under another name, forces it and gives it its own; returns its size. */
  private long create(Path file, Content content) throws IOException {
    Path temporary = folder.resolve(NewFile.PREFIX + UUID.randomUUID() + NewFile.ENDING);
    try {
      try (WritableByteChannel out = disk.create(temporary)) {
        content.writeTo(out);
      }
      disk.force(temporary);
      long bytes = Files.size(temporary);
      disk.rename(temporary, file);
      return bytes;
    } catch (IOException | RuntimeException | Error e) {
      try {
        disk.delete(temporary);
      } catch (IOException left) {
        e.addSuppressed(left); // the next run removes it
      }
      throw e;
    }
  }

  private static void writeAll(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /** A channel that adds what goes through it to a checksum. */
  private record Summed(WritableByteChannel out, CRC32C sum) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) throws IOException {
      ByteBuffer seen = bytes.duplicate();
      int written = out.write(bytes);
      sum.update(seen.limit(seen.position() + written));
      return written;
    }

    @Override
    public boolean isOpen() {
      return out.isOpen();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
