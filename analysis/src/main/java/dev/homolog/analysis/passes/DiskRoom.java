package dev.homolog.analysis.passes;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Whether the disk has room for what a run saves. */
final class DiskRoom {
  private DiskRoom() {}

  /**
   * Refuses a disk without room.
   *
   * @param option that says so much is saved
   * @param what is saved, such as "the state of the run takes up to"
   */
  static void require(InputOption option, Path folder, long needed, String what, String remedy) {
    try {
      long free = Math.max(0, Files.getFileStore(existing(folder)).getUsableSpace());
      if (needed > free) {
        throw new InputException(
            option,
            String.format(
                Locale.ROOT, "%,d bytes are free at %s, and %s %,d", free, folder, what, needed),
            remedy);
      }
    } catch (IOException e) {
      // Nobody knows how much is free. Where it is too little, writing says so.
    }
  }

  private static Path existing(Path folder) {
    Path at = folder.toAbsolutePath().normalize();
    while (!Files.exists(at) && at.getParent() != null) {
      at = at.getParent();
    }
    return at;
  }
}
