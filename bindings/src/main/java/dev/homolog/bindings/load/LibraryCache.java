package dev.homolog.bindings.load;

import dev.homolog.bindings.files.Trust;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;

/**
 * Folders of libraries unpacked from jars, kept between runs.
 *
 * <p>A folder appears whole or not at all: it is written under another name, forced to disk and
 * renamed. A lock on a file beside it lets processes that start at once unpack it once. Each use
 * compares size and checksum of every file with the jar's, and looks at its owner and mode ({@link
 * Trust}). SHA-256 of what the jar holds is worked out as it is unpacked, and each use holds the
 * file to it ({@link FileRecord}). A folder that differs, or that others could have written, is
 * unpacked anew. A whole folder is used without writing anything.
 *
 * <p>Files are read, never mapped: one that somebody makes shorter would end the process.
 */
public final class LibraryCache {
  /**
   * A file to unpack, with what the jar says of it.
   *
   * @param name of the file that is made
   * @param source the entry of a jar
   * @param size in bytes
   * @param crc CRC-32 of the bytes
   */
  public record Entry(String name, URL source, long size, long crc) {
    /** That of a resource; empty if it is in no jar, which alone knows size and checksum. */
    public static Optional<Entry> of(String name, URL source) throws IOException {
      if (source.openConnection() instanceof JarURLConnection connection) {
        JarEntry entry = connection.getJarEntry();
        return Optional.of(new Entry(name, source, entry.getSize(), entry.getCrc()));
      }
      return Optional.empty();
    }
  }

  private static final Set<PosixFilePermission> OWNER_WRITES =
      PosixFilePermissions.fromString("rw-r--r--");

  private static final int PIECE = 1 << 20;

  private final Path root;

  /** Those in a folder, which need not be there. */
  public LibraryCache(Path root) {
    this.root = root;
  }

  /**
   * The folder of that name with exactly these files, unpacked if it is not there yet.
   *
   * @throws IOException if they cannot be written
   */
  public Path provide(String name, List<Entry> entries) throws IOException {
    // A lock on a file excludes other processes, not other threads of this one.
    synchronized (LibraryCache.class) {
      return provideAlone(name, entries);
    }
  }

  private Path provideAlone(String name, List<Entry> entries) throws IOException {
    Path folder = root.resolve(name);
    Optional<FileRecord> record = FileRecord.read(folder);
    if (record.isPresent() && isWhole(folder, entries, record.get())) {
      renew(folder, record.get());
      return folder;
    }
    Files.createDirectories(root);
    try (FileChannel channel =
            FileChannel.open(
                root.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      if (!lock.isValid()) {
        throw new IOException("the lock of " + folder + " is not held");
      }
      record = FileRecord.read(folder); // another process may have unpacked it meanwhile
      if (record.isEmpty() || !isWhole(folder, entries, record.get())) {
        removeLeftovers(name);
        unpack(folder, entries);
      }
    }
    return folder;
  }

  /** Where files were copied or touched, so that they need not be hashed at each start. */
  private static void renew(Path folder, FileRecord record) {
    try {
      if (!record.isCurrent(folder)) {
        record.renewed(folder).write(folder);
      }
    } catch (IOException e) {
      // The folder cannot be written: they are hashed the next time too.
    }
  }

  private void unpack(Path folder, List<Entry> entries) throws IOException {
    Path fresh = Files.createTempDirectory(root, folder.getFileName() + ".new-");
    try {
      Map<String, String> hashes = new LinkedHashMap<>();
      for (Entry entry : entries) {
        hashes.put(entry.name(), write(entry, fresh.resolve(entry.name())));
      }
      FileRecord record = FileRecord.of(fresh, hashes);
      record.write(fresh);
      if (!isWhole(fresh, entries, record)) {
        throw new IOException("what was unpacked to " + fresh + " differs from the jar");
      }
    } catch (IOException | RuntimeException | Error e) {
      remove(fresh); // on a full disk hundreds of megabytes
      throw e;
    }
    if (Files.exists(folder)) {
      // Another process may have these files mapped: renamed and removed, they live on for it.
      Path old = Files.createTempDirectory(root, folder.getFileName() + ".old-");
      Files.move(folder, old.resolve("files"), StandardCopyOption.ATOMIC_MOVE);
      remove(old);
    }
    Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Returns the SHA-256 of what the jar holds. */
  private static String write(Entry entry, Path file) throws IOException {
    MessageDigest digest = FileRecord.digest();
    URLConnection connection = entry.source().openConnection();
    connection.setUseCaches(false);
    try (InputStream in = connection.getInputStream();
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      OutputStream out = Channels.newOutputStream(channel);
      byte[] buffer = new byte[1 << 20];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        out.write(buffer, 0, n);
      }
      channel.force(true);
    }
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(file, OWNER_WRITES); // whatever the umask
    }
    return FileRecord.hex(digest);
  }

  /** What a process that was killed while it unpacked has left. The lock is held. */
  private void removeLeftovers(String name) throws IOException {
    try (var found = Files.newDirectoryStream(root, name + ".{new,old}-*")) {
      for (Path leftover : found) {
        remove(leftover);
      }
    }
  }

  private static void remove(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Sizes first, then the checksums of all files at once: the largest has 320 MB. */
  private static boolean isWhole(Path folder, List<Entry> entries, FileRecord record)
      throws IOException {
    for (Entry entry : entries) {
      Path file = folder.resolve(entry.name());
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          || Files.size(file) != entry.size()
          || Trust.refusal(file).isPresent()) {
        return false;
      }
    }
    try {
      return entries.parallelStream().allMatch(entry -> isWhole(folder, entry, record));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static boolean isWhole(Path folder, Entry entry, FileRecord record) {
    Path file = folder.resolve(entry.name());
    try {
      return hasChecksum(file, entry) && record.holds(file);
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean hasChecksum(Path file, Entry entry) throws IOException {
    CRC32 crc = new CRC32();
    ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
    try (FileChannel channel = FileChannel.open(file, LinkOption.NOFOLLOW_LINKS)) {
      while (channel.read(buffer.clear()) > 0) {
        crc.update(buffer.flip());
      }
    }
    return crc.getValue() == entry.crc();
  }
}
