package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.file.FolderLinks;
import dev.homolog.core.json.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * A model's folder, which may come from a stranger: its files by their plain names, and nothing
 * outside of it. A link is followed only within the folder or, in the cache of Hugging Face ({@code
 * models--org--name/snapshots/commit}), to its {@code blobs}.
 */
public final class ModelFolder {
  private static final String SHARED_MARK = ".huggingface-shared-blobs";

  private final Path folder;
  private final FolderLinks links;

  /** A folder that need not be there, and whose links may not lead out of it. */
  public ModelFolder(Path folder) {
    this(folder, false);
  }

  /**
   * A folder that need not be there.
   *
   * @param followLinks whether links may lead anywhere, as the user has said
   */
  public ModelFolder(Path folder, boolean followLinks) {
    this.folder = folder;
    this.links =
        new FolderLinks(
            folder, followLinks, "the download may be incomplete: fetch the model again");
  }

  Path path() {
    return folder;
  }

  /** Whether there is anything of that name, be it a link that leads nowhere. */
  public boolean has(String name) {
    return links.has(name);
  }

  /**
   * The file of that name in this folder; it need not be there.
   *
   * @throws InputException if the name leads out of the folder, by itself or by a link, or nowhere
   */
  public Path file(String name) {
    if (!isPlain(name)) {
      throw new InputException(
          folder,
          StrictJson.clip(name),
          "is no plain file name",
          "name a file of this folder, without a path");
    }
    return links.file(name, this::blobs);
  }

  /**
   * Where the cache keeps the contents of this snapshot's files: with the model and, since version
   * 2 of {@code huggingface_hub}, in one marked folder for all models.
   */
  private List<Path> blobs() throws IOException {
    Path snapshots = folder.toRealPath().getParent();
    if (snapshots == null || !snapshots.endsWith("snapshots")) {
      return List.of();
    }
    Path model = snapshots.getParent();
    if (model.getFileName() == null || !model.getFileName().toString().startsWith("models--")) {
      return List.of();
    }
    Path shared = model.resolveSibling("blobs");
    return Files.isRegularFile(shared.resolve(SHARED_MARK), LinkOption.NOFOLLOW_LINKS)
        ? List.of(model.resolve("blobs"), shared)
        : List.of(model.resolve("blobs"));
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
