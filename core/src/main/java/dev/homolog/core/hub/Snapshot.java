package dev.homolog.core.hub;

import dev.homolog.core.checkpoint.HubCache;
import dev.homolog.core.checkpoint.ModelFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;

/**
 * One commit of a model in the cache, in {@code huggingface_hub}'s layout: {@code
 * snapshots/COMMIT/NAME} is a link to {@code blobs/HASH}, {@code refs/BRANCH} holds a commit, and
 * an empty file {@code .no_exist/COMMIT/NAME} says that the commit has no such file.
 *
 * @param model the model's folder in the cache
 */
record Snapshot(Path model, String commit) {
  static final String TOKENIZER = "tokenizer.json";

  /** What {@code tokenizer.json} replaces. */
  static final List<String> PAIRS = List.of("vocab.json", "merges.txt");

  /** The folder that the files are in. */
  Path folder() {
    return model.resolve("snapshots").resolve(commit);
  }

  Path blobs() {
    return model.resolve("blobs");
  }

  /** Whether the file is there, whole. */
  boolean has(String name) {
    return Files.isRegularFile(folder().resolve(name));
  }

  private Path absence(String name) {
    return model.resolve(".no_exist").resolve(commit).resolve(name);
  }

  /** Whether the hub has said that this commit has no such file. */
  boolean lacks(String name) {
    return Files.isRegularFile(absence(name), LinkOption.NOFOLLOW_LINKS);
  }

  /** Notes that the commit has no such file. */
  void noteAbsent(String name) throws IOException {
    Path file = absence(name);
    Files.createDirectories(file.getParent());
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException e) {
      // someone else noted it
    }
  }

  /**
   * Whether nothing is left to fetch: the configuration, the tokenizer or the knowledge that there
   * is none, and the weights if they are wanted.
   */
  boolean isComplete(boolean weights) {
    boolean tokenizer =
        has(TOKENIZER)
            || PAIRS.stream().allMatch(this::has)
            || lacks(TOKENIZER) && PAIRS.stream().anyMatch(this::lacks);
    return tokenizer && hasModel(weights);
  }

  /** Whether all is there but perhaps the tokenizer. */
  boolean hasModel(boolean weights) {
    return has(ModelFiles.CONFIG) && (!weights || hasWeights());
  }

  private boolean hasWeights() {
    for (String name : ModelFiles.weights()) {
      if (has(name)) {
        return !ModelFiles.isIndex(name)
            || ModelFiles.shards(folder().resolve(name)).stream().allMatch(this::has);
      }
    }
    return false;
  }

  /** Gives a blob its name. */
  void link(RemoteFile file) throws IOException {
    Files.createDirectories(folder());
    Path link = folder().resolve(file.name());
    Path target = Path.of("..", "..", "blobs", file.hash().hex());
    if (Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(target)) {
      return;
    }
    Path fresh = folder().resolve("." + file.name() + "." + random() + ".tmp");
    try {
      Files.createSymbolicLink(fresh, target);
    } catch (UnsupportedOperationException e) {
      Files.copy(blobs().resolve(file.hash().hex()), fresh); // as Python does there
    }
    Files.move(fresh, link, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Notes which commit a branch or tag is, once all of it is there. */
  void note(HubCache.Name name) throws IOException {
    if (name.isCommit()) {
      return;
    }
    Path ref = model.resolve("refs").resolve(name.revision());
    if (Files.isRegularFile(ref) && Files.readString(ref).equals(commit)) {
      return; // the cache may be one that cannot be written
    }
    Files.createDirectories(ref.getParent());
    Path fresh = ref.resolveSibling("." + ref.getFileName() + "." + random() + ".tmp");
    Files.writeString(fresh, commit, StandardCharsets.US_ASCII);
    Files.move(fresh, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  static String random() {
    return UUID.randomUUID().toString().substring(0, 8);
  }
}
