package dev.homolog.analysis.state;

import dev.homolog.core.file.NewFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** The calls by which checkpoints reach the disk. A test puts faults in their place. */
interface Disk {
  /** Makes a file that must not be there, and opens it for writing. */
  WritableByteChannel create(Path file) throws IOException;

  /** Waits until a file's bytes are on the disk. */
  void force(Path file) throws IOException;

  /** Gives a file another name in its folder, in one step. */
  void rename(Path from, Path to) throws IOException;

  /** Removes a file, if it is there. */
  void delete(Path file) throws IOException;

  /** Waits until the names in a folder are on the disk. */
  void forceFolder(Path folder) throws IOException;

  /** The file system's own. */
  static Disk ofTheSystem() {
    return new System();
  }

  /** Calls the file system. */
  final class System implements Disk {
    private System() {}

    @Override
    public WritableByteChannel create(Path file) throws IOException {
      return FileChannel.open(
          file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public void force(Path file) throws IOException {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void delete(Path file) throws IOException {
      Files.deleteIfExists(file);
    }

    @Override
    public void forceFolder(Path folder) throws IOException {
      NewFile.forceFolder(folder);
    }
  }
}
