package dev.homolog.core.file;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Files of a folder that may come from a stranger. A link is followed only within the folder, or
 * into others that are named, unless the user trusts its links.
 */
public final class FolderLinks {
  private final Path folder;
  private final boolean follow;
  private final String restore;

  /**
   * @param follow whether links may lead anywhere, as the user has said
   * @param restore the remedy where a link leads nowhere
   */
  public FolderLinks(Path folder, boolean follow, String restore) {
    this.folder = folder;
    this.follow = follow;
    this.restore = restore;
  }

  /** Other folders into which links may lead. */
  @FunctionalInterface
  public interface Others {
    /** Looks for them, which is done for links that lead out of the folder alone. */
    List<Path> folders() throws IOException;
  }

  /** Whether there is anything of that name, be it a link that leads nowhere. */
  public boolean has(String name) {
    return Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * The file of that name, which need not be there.
   *
   * @param name plain, without a path
   * @throws InputException if it is a link that leads nowhere, or out of what is allowed
   */
  public Path file(String name, Others others) {
    Path file = folder.resolve(name);
    if (!has(name)) {
      return file;
    }
    try {
      if (!Files.exists(file)) {
        throw new InputException(
            folder,
            name,
            String.format(
                Locale.ROOT, "is a link to %s, which is not there", Files.readSymbolicLink(file)),
            restore);
      }
      Path real = file.toRealPath();
      if (!follow
          && !real.startsWith(folder.toRealPath())
          && others.folders().stream().noneMatch(real::startsWith)) {
        throw new InputException(
            folder,
            name,
            String.format(Locale.ROOT, "is a link to %s, outside the folder", real),
            "put the file itself there, or give the folder that it lies in, or --follow-links if"
                + " you trust its links");
      }
      return file;
    } catch (IOException e) {
      throw new InputException(
          file.toString(), "", "cannot be read (" + e + ")", "check its permissions", e);
    }
  }
}
