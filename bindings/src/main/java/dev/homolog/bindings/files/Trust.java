package dev.homolog.bindings.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.Optional;

/**
 * Says whether someone else could have written a file. Owner and mode of the file, and of each
 * folder and link on the way to it, are looked at. A folder that all may write to serves if its
 * entries are their owners' (sticky), as {@code /tmp}.
 */
public final class Trust {
  private static final int STICKY = 01000;
  private static final int GROUP_WRITES = 020;
  private static final int OTHERS_WRITE = 02;
  private static final int MAX_LINKS = 40;

  private Trust() {}

  /**
   * Why a file or folder cannot be trusted; empty if only this user and the administrator could
   * have written it, or where the system does not say.
   */
  public static Optional<String> refusal(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    if (!absolute.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return Optional.empty();
    }
    try {
      return refusal(absolute, MAX_LINKS);
    } catch (IOException e) {
      return Optional.of("owner and mode of " + path + " cannot be read");
    }
  }

  private static Optional<String> refusal(Path path, int links) throws IOException {
    if (links == 0) {
      return Optional.of(path + " is behind too many links");
    }
    Path at = path.getRoot();
    for (int i = 0; i <= path.getNameCount(); i++) {
      if (i > 0) {
        at = at.resolve(path.getName(i - 1));
      }
      Optional<String> refusal = ofEntry(at, i == path.getNameCount());
      if (refusal.isPresent()) {
        return refusal;
      }
      if (Files.isSymbolicLink(at)) {
        Path target = at.resolveSibling(Files.readSymbolicLink(at));
        Path rest =
            i == path.getNameCount()
                ? target
                : target.resolve(path.subpath(i, path.getNameCount()));
        return refusal(rest.normalize(), links - 1);
      }
    }
    return Optional.empty();
  }

  private static Optional<String> ofEntry(Path entry, boolean last) throws IOException {
    int owner = uid(entry);
    if (owner != 0 && owner != uid(Path.of("/")) && owner != self()) {
      return Optional.of(entry + " belongs to another user");
    }
    if (Files.isSymbolicLink(entry)) {
      return Optional.empty(); // a link's mode says nothing
    }
    int mode = (int) Files.getAttribute(entry, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    boolean sticky = !last && (mode & STICKY) != 0;
    boolean writable =
        (mode & OTHERS_WRITE) != 0 || (mode & GROUP_WRITES) != 0 && !hasOwnGroup(entry);
    return writable && !sticky ? Optional.of("others may write to " + entry) : Optional.empty();
  }

  /** Many systems give each user a group of the same name and let it write. */
  private static boolean hasOwnGroup(Path entry) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(entry, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return attributes.owner().getName().equals(attributes.group().getName());
  }

  /** The number of the user who runs this process; empty where the system has none. */
  static Optional<Integer> user() {
    try {
      return Optional.of(self());
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static int self() throws IOException {
    Path process = Path.of("/proc/self");
    return uid(Files.exists(process) ? process.toRealPath() : Path.of(home()));
  }

  private static String home() {
    return System.getProperty("user.home", "/");
  }

  private static int uid(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }
}
