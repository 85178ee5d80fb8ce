package dev.homolog.bindings.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unpacking once, whole, and again when the files were damaged. */
class LibraryCacheTest {
  @TempDir Path folder;
  private Path root;
  private List<LibraryCache.Entry> entries;
  private byte[] content;

  @BeforeEach
  void makeJar() throws IOException {
    root = folder.resolve("deep").resolve("cache");
    content = new byte[3_000_000];
    new Random(3).nextBytes(content);
    Path jar = folder.resolve("natives.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream jarOut = new JarOutputStream(out)) {
      jarOut.putNextEntry(new JarEntry("a/libone.so"));
      jarOut.write(content);
      jarOut.putNextEntry(new JarEntry("a/libtwo.so"));
      jarOut.write(new byte[100]);
    }
    entries = new ArrayList<>();
    for (String name : List.of("libone.so", "libtwo.so")) {
      URL url = URI.create("jar:" + jar.toUri() + "!/a/" + name).toURL();
      JarEntry entry = ((JarURLConnection) url.openConnection()).getJarEntry();
      entries.add(new LibraryCache.Entry(name, url, entry.getSize(), entry.getCrc()));
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> found = Files.list(root)) {
      return found.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void unpacksOnce() throws IOException {
    Path made = new LibraryCache(root).provide("natives", entries);
    assertArrayEquals(content, Files.readAllBytes(made.resolve("libone.so")));
    assertEquals(List.of("natives", "natives.lock"), files());
    FileTime time = Files.getLastModifiedTime(made.resolve("libone.so"));
    Files.delete(root.resolve("natives.lock"));
    assertEquals(made, new LibraryCache(root).provide("natives", entries));
    assertEquals(time, Files.getLastModifiedTime(made.resolve("libone.so")));
    assertEquals(List.of("natives"), files(), "a whole folder is used without writing");
  }

  @Test
  void damagedFilesAreUnpackedAnew() throws IOException {
    LibraryCache cache = new LibraryCache(root);
    Path file = cache.provide("natives", entries).resolve("libone.so");
    byte[] flipped = content.clone();
    flipped[1_234_567] ^= 4;
    for (byte[] bad : List.of(flipped, new byte[10], new byte[0])) {
      Files.write(file, bad);
      cache.provide("natives", entries);
      assertArrayEquals(content, Files.readAllBytes(file));
    }
    Files.delete(file);
    cache.provide("natives", entries);
    assertArrayEquals(content, Files.readAllBytes(file));
    assertEquals(List.of("natives", "natives.lock"), files());
  }

  /** To add a multiple of the polynomial to the bytes leaves a CRC as it is. */
  @Test
  void aFileOfEqualSizeTimeAndChecksumIsUnpackedAnew() throws IOException {
    LibraryCache cache = new LibraryCache(root);
    Path file = cache.provide("natives", entries).resolve("libone.so");
    FileTime time = Files.getLastModifiedTime(file);
    byte[] forged = content.clone();
    long polynomial = 0x104C11DB7L;
    for (int bit = 0; bit <= 32; bit++) {
      if ((polynomial >> (32 - bit) & 1) != 0) {
        forged[1000 + bit / 8] ^= (byte) (1 << bit % 8);
      }
    }
    CRC32 crc = new CRC32();
    crc.update(forged);
    assertEquals(entries.getFirst().crc(), crc.getValue(), "the test's own forgery");
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "rw")) {
      in.write(forged);
    }
    Files.setLastModifiedTime(file, time);
    cache.provide("natives", entries);
    assertArrayEquals(content, Files.readAllBytes(file));
  }

  @Test
  void copiedFilesAreHashedOnceAndKept() throws IOException {
    Path made = new LibraryCache(root).provide("natives", entries);
    root = folder.resolve("copy");
    Path copy = Files.createDirectories(root.resolve("natives"));
    for (String name : List.of("libone.so", "libtwo.so", ".sha256")) {
      Files.copy(made.resolve(name), copy.resolve(name));
    }
    Object key = key(copy.resolve("libone.so"));
    assertFalse(FileRecord.read(copy).orElseThrow().isCurrent(copy));
    assertEquals(copy, new LibraryCache(root).provide("natives", entries));
    assertEquals(key, key(copy.resolve("libone.so")));
    assertEquals(List.of("natives"), files(), "nothing is unpacked");
    assertTrue(FileRecord.read(copy).orElseThrow().isCurrent(copy));
  }

  @Test
  void aRecordThatIsGoneOrNotOursIsMadeAnew() throws IOException {
    LibraryCache cache = new LibraryCache(root);
    Path record = cache.provide("natives", entries).resolve(".sha256");
    String right = Files.readString(record).replaceAll("(?m)\\t[^\\t]*$", "");
    Files.delete(record);
    cache.provide("natives", entries);
    Files.writeString(record, "nonsense");
    cache.provide("natives", entries);
    Files.setPosixFilePermissions(record, PosixFilePermissions.fromString("rw-rw-rw-"));
    cache.provide("natives", entries);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(record)));
    assertEquals(right, Files.readString(record).replaceAll("(?m)\\t[^\\t]*$", ""));
    assertTrue(right.startsWith("libone.so\t" + sha256(content)), right);
  }

  private static String sha256(byte[] bytes) throws IOException {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
  }

  private static Object key(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  @Test
  void leftoversOfAKilledProcessAreRemoved() throws IOException {
    Files.createDirectories(root.resolve("natives.new-123").resolve("sub"));
    Files.write(root.resolve("natives.new-123").resolve("libone.so"), new byte[5]);
    Files.createDirectories(root.resolve("natives.old-9"));
    new LibraryCache(root).provide("natives", entries);
    assertEquals(List.of("natives", "natives.lock"), files());
  }

  @Test
  void wrongJarIsNotPutInPlace() throws IOException {
    LibraryCache.Entry one = entries.getFirst();
    List<LibraryCache.Entry> wrong =
        List.of(new LibraryCache.Entry(one.name(), one.source(), one.size(), one.crc() ^ 1));
    IOException failure =
        assertThrows(IOException.class, () -> new LibraryCache(root).provide("natives", wrong));
    assertTrue(failure.getMessage().contains("differs from the jar"), failure.getMessage());
    assertFalse(Files.exists(root.resolve("natives")));
  }

  @Test
  void folderThatCannotBeMade() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThrows(
        IOException.class,
        () -> new LibraryCache(file.resolve("cache")).provide("natives", entries));
  }

  @Test
  void threadsAtOnce() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    List<Exception> failures = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  new LibraryCache(root).provide("natives", entries);
                } catch (IOException | RuntimeException e) {
                  synchronized (failures) {
                    failures.add(e);
                  }
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), failures);
  }
}
