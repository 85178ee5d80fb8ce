package dev.homolog.analysis.run;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/**
 * A run's claim on its folder: an operating system's lock on a hidden file in it. The lock ends
 * with the process, however it ends. So a file that a killed run left behind keeps nobody out. The
 * file names what the run writes, so that the next one can clear what a killed run has left.
 */
final class Claim {
  static final String FILE = ".homolog-running";

  /** A run writes a few dozen files; a longer list is none of ours. */
  private static final int MOST_BYTES = 1 << 16;

  private final Path file;
  private final FileChannel channel;
  private final FileLock lock; // held here: the JVM forgets a lock that nobody refers to
  private final byte[] earlier; // what the file held

  private Claim(Path file, FileChannel channel, FileLock lock, byte[] earlier) {
    this.file = file;
    this.channel = channel;
    this.lock = lock;
    this.earlier = earlier;
  }

  /**
   * Takes the folder, which is there.
   *
   * @throws InputException another run has it
   * @throws IOException the folder cannot be written
   */
  static Claim take(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS); // a link could lead to a file that is not ours to empty
    try {
      FileLock lock = lock(folder, channel);
      byte[] earlier = content(channel);
      if (!isAt(file, channel)) {
        throw taken(folder);
      }
      return new Claim(file, channel, lock, earlier);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** The lock, or null on a file system without locks: better no claim than no run. */
  private static FileLock lock(Path folder, FileChannel channel) {
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) { // a run of this process has it
      throw taken(folder);
    } catch (IOException e) {
      return null;
    }
    if (lock == null) {
      throw taken(folder);
    }
    return lock;
  }

  private static byte[] content(FileChannel channel) throws IOException {
    ByteBuffer content = ByteBuffer.allocate((int) Math.min(channel.size(), MOST_BYTES));
    while (content.hasRemaining() && channel.read(content, content.position()) > 0) {
      // read on
    }
    return Arrays.copyOf(content.array(), content.position());
  }

  private static InputException taken(Path folder) {
    return new InputException(
        folder, "", "is being written by another run", "choose another --out");
  }

  /**
   * Whether the locked file is still the one at its path. Its owner may have removed it between our
   * opening and locking it. Then what is written to the channel does not show at the path.
   */
  private static boolean isAt(Path file, FileChannel channel) throws IOException {
    channel.truncate(0).position(0);
    if (Files.notExists(file) || Files.size(file) != 0) {
      return false;
    }
    byte[] owner = ("process " + ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
    channel.write(ByteBuffer.wrap(owner));
    return Files.exists(file) && Files.size(file) == owner.length;
  }

  /** Notes the name of a file that is written next. */
  void note(String name) throws IOException {
    ByteBuffer line = ByteBuffer.wrap(("\n" + name).getBytes(StandardCharsets.UTF_8));
    while (line.hasRemaining()) {
      channel.write(line);
    }
  }

  /** The names that an earlier run noted and that was killed; none where there was no such run. */
  List<String> left() {
    return new String(earlier, StandardCharsets.UTF_8).lines().skip(1).toList();
  }

  /** Gives the folder free as it was taken: with the note of the earlier run, if there was one. */
  void giveBack() {
    if (earlier.length == 0) {
      release();
      return;
    }
    try (channel;
        lock) {
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(earlier), 0);
    } catch (IOException e) {
      // What the earlier run has left then counts as files of somebody else.
    }
  }

  /** Removes the file and gives the folder free. */
  void release() {
    try (channel;
        lock) {
      Files.deleteIfExists(file); // while it is locked, so that nobody else's is removed
    } catch (IOException e) {
      // The lock is what counts, and it ends with the channel.
    }
  }
}
