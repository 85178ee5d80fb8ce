package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model's folder, which may come from a stranger: its files by their plain names, and nothing
 * outside of it. A link is followed only within the folder or, in the cache of Hugging Face ({@code
 * models--org--name/snapshots/commit}), to the model's own {@code blobs}.
 */
final class ModelFolder {
  private final Path folder;
  private final boolean followLinks;

  /**
   * A folder.
   *
   * @param followLinks whether links may lead anywhere, as the user has said
   */
  ModelFolder(Path folder, boolean followLinks) {
    this.folder = folder;
    this.followLinks = followLinks;
  }

  Path path() {
    return folder;
  }

  /** Whether there is anything of that name, be it a link that leads nowhere. */
  boolean has(String name) {
    return Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * The file of that name in this folder; it need not be there.
   *
   * @throws InputException if the name leads out of the folder, by itself or by a link, or nowhere
   */
  Path file(String name) {
    if (!isPlain(name)) {
      throw new InputException(
          folder,
          StrictJson.clip(name),
          "is no plain file name",
          "name a file of this folder, without a path");
    }
    Path file = folder.resolve(name);
    if (!has(name)) {
      return file;
    }
    try {
      if (!Files.exists(file)) {
        throw new InputException(
            folder,
            name,
            "is a link to %s, which is not there".formatted(Files.readSymbolicLink(file)),
            "the download may be incomplete: fetch the model again");
      }
      Path real = file.toRealPath();
      Optional<Path> blobs = blobs();
      if (!followLinks
          && !real.startsWith(folder.toRealPath())
          && !(blobs.isPresent() && real.startsWith(blobs.get()))) {
        throw new InputException(
            folder,
            name,
            "is a link to %s, outside the folder".formatted(real),
            "put the file itself there, or give the folder that it lies in, or --follow-links if"
                + " you trust its links");
      }
      return file;
    } catch (IOException e) {
      throw new InputException(
          file.toString(), "", "cannot be read (" + e + ")", "check its permissions", e);
    }
  }

  /** Where the cache keeps the contents of this snapshot's files. */
  private Optional<Path> blobs() throws IOException {
    Path snapshots = folder.toRealPath().getParent();
    if (snapshots == null || !snapshots.endsWith("snapshots")) {
      return Optional.empty();
    }
    Path model = snapshots.getParent();
    return model.getFileName() != null && model.getFileName().toString().startsWith("models--")
        ? Optional.of(model.resolve("blobs"))
        : Optional.empty();
  }

  /** A name without a path on any system; ASCII, for what a path can hold hangs on the locale. */
  private static boolean isPlain(String name) {
    return !name.isEmpty()
        && name.length() <= 255
        && !name.equals(".")
        && !name.equals("..")
        && name.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '/' && c != '\\' && c != ':');
  }
}
