package dev.homolog.analysis.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A disk that fails at one call, or loses power there. It remembers what was forced: bytes of files
 * and names of the folder. After a loss of power only these are there, and some names or bytes that
 * happened to be written, by the caller's choice.
 */
final class FaultyDisk implements Disk {
  /** What a loss of power does to what was not forced. */
  enum Loss {
    /** Nothing unforced has reached the disk. */
    ALL,
    /** Names have, bytes have not: files are empty. */
    BYTES,
    /** Bytes have, names have not. */
    NAMES,
    /** Everything has: the process was killed. */
    NOTHING
  }

  private final Disk disk = Disk.ofTheSystem();
  private final Path folder;
  private final int failing;
  private int calls;

  /** Contents that were forced, by the file itself and not its name. */
  private final Map<Object, byte[]> forced = new HashMap<>();

  /** Names that were forced, and the file that each stood for. */
  private final Map<String, Object> names = new TreeMap<>();

  /**
   * @param failing the number of the call that fails, counted from 1; 0 for none
   */
  FaultyDisk(Path folder, int failing) throws IOException {
    this.folder = folder;
    this.failing = failing;
    if (Files.exists(folder)) {
      for (String name : present()) {
        remember(folder.resolve(name));
      }
      rememberNames();
    }
  }

  int calls() {
    return calls;
  }

  private void call() throws IOException {
    if (++calls == failing) {
      throw new IOException("the disk failed at call " + calls);
    }
  }

  private Set<String> present() throws IOException {
    Set<String> present = new TreeSet<>();
    try (var files = Files.newDirectoryStream(folder)) {
      files.forEach(file -> present.add(file.getFileName().toString()));
    }
    return present;
  }

  private static Object key(Path file) throws IOException {
    return Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class).fileKey();
  }

  @Override
  public WritableByteChannel create(Path file) throws IOException {
    call();
    WritableByteChannel out = disk.create(file);
    return new WritableByteChannel() {
      @Override
      public int write(ByteBuffer bytes) throws IOException {
        call();
        return out.write(bytes);
      }

      @Override
      public boolean isOpen() {
        return out.isOpen();
      }

      @Override
      public void close() throws IOException {
        out.close();
        call();
      }
    };
  }

  @Override
  public void force(Path file) throws IOException {
    call();
    disk.force(file);
    remember(file);
  }

  private void remember(Path file) throws IOException {
    forced.put(key(file), Files.readAllBytes(file));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    call();
    disk.rename(from, to);
  }

  @Override
  public void delete(Path file) throws IOException {
    call();
    disk.delete(file);
  }

  @Override
  public void forceFolder(Path at) throws IOException {
    call();
    disk.forceFolder(at);
    rememberNames();
  }

  private void rememberNames() throws IOException {
    names.clear();
    for (String name : present()) {
      names.put(name, key(folder.resolve(name)));
    }
  }

  /** Makes another folder as it would be found after a loss of power now. */
  void copyAfter(Loss loss, Path to) throws IOException {
    Files.createDirectories(to);
    Map<String, Object> found = new TreeMap<>(names);
    if (loss == Loss.BYTES || loss == Loss.NOTHING) {
      found.clear();
      for (String name : present()) {
        found.put(name, key(folder.resolve(name)));
      }
    }
    Map<Object, byte[]> contents = new HashMap<>(forced);
    if (loss == Loss.NAMES || loss == Loss.NOTHING) {
      for (String name : present()) {
        contents.put(key(folder.resolve(name)), Files.readAllBytes(folder.resolve(name)));
      }
    }
    for (Map.Entry<String, Object> file : found.entrySet()) {
      Files.write(to.resolve(file.getKey()), contents.getOrDefault(file.getValue(), new byte[0]));
    }
  }
}
