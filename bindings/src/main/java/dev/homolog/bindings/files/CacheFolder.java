package dev.homolog.bindings.files;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * Homolog's own folder, which native code is unpacked into: {@code HOMOLOG_CACHE}, else {@code
 * XDG_CACHE_HOME/homolog}, else {@code ~/.cache/homolog}. It is made for its owner alone. What lies
 * in it is executed, so a folder that others could have written to is refused.
 */
public final class CacheFolder {
  private CacheFolder() {}

  /**
   * The folder that variables or home name; without either, one in the temporary folder.
   *
   * @throws IOException with a message that names the folder and says what is wrong with it
   */
  public static Path named(UserFolders user, Path temporary) throws IOException {
    Optional<Path> named = user.homologCache();
    return named.isPresent() ? made(named.get()) : inTemporary(temporary);
  }

  /**
   * The same; where it cannot be written, one in the temporary folder serves too. That is one for
   * each user, so that runs do not pile up copies.
   *
   * @throws IOException as above
   */
  public static Path find(UserFolders user, Path temporary) throws IOException {
    Optional<Path> named = user.homologCache();
    if (named.isPresent() && canBeMade(named.get())) {
      return made(named.get());
    }
    try {
      return inTemporary(temporary);
    } catch (IOException e) {
      throw named.isEmpty() || isTrustMatter(e)
          ? e
          : new IOException("neither " + named.get() + " nor " + temporary + " can be written", e);
    }
  }

  private static boolean canBeMade(Path folder) {
    try {
      make(folder);
      return Files.isWritable(folder);
    } catch (IOException e) {
      return false;
    }
  }

  /** Named by the user's number: not every user has a name. */
  private static Path inTemporary(Path temporary) throws IOException {
    String user = Trust.user().map(number -> "-" + number).orElse("");
    return made(temporary.toAbsolutePath().resolve("homolog-cache" + user));
  }

  private static Path made(Path folder) throws IOException {
    try {
      make(folder);
    } catch (IOException e) {
      throw new IOException(folder + " cannot be made: " + describe(e), e);
    }
    Optional<String> refusal = Trust.refusal(folder);
    if (refusal.isPresent()) {
      throw new UntrustedException(refusal.get() + ", so code in " + folder + " is not run");
    }
    return folder;
  }

  private static void make(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    if (folder.getParent() != null) {
      Files.createDirectories(folder.getParent(), ownerOnly(folder));
    }
    try {
      Files.createDirectory(folder, ownerOnly(folder));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path folder) {
    return folder.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  private static boolean isTrustMatter(IOException e) {
    return e instanceof UntrustedException;
  }

  /** What went wrong with a file, without the names of classes. */
  public static String describe(IOException e) {
    if (e instanceof AccessDeniedException denied) {
      return "no permission to write " + denied.getFile();
    }
    if (e instanceof FileAlreadyExistsException there) {
      return there.getFile() + " is no folder";
    }
    if (e instanceof FileSystemException failed && failed.getReason() != null) {
      return failed.getReason() + " (" + failed.getFile() + ")";
    }
    return e.getMessage() == null ? "it cannot be written" : e.getMessage();
  }

  private static final class UntrustedException extends IOException {
    private static final long serialVersionUID = 1L;

    UntrustedException(String message) {
      super(message);
    }
  }
}
