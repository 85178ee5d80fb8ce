package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds a model by the name that it has on Hugging Face's hub, in the cache on this machine. The
 * network is never asked. The cache is {@code HF_HUB_CACHE}, else {@code HF_HOME/hub}, else {@code
 * ~/.cache/huggingface/hub} ({@code XDG_CACHE_HOME} in place of {@code ~/.cache} where it is set).
 */
public final class HubCache {
  private static final Pattern NAME =
      Pattern.compile(
          "(?<model>(?:[A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*)"
              + "(?:@(?<revision>[A-Za-z0-9][A-Za-z0-9._/-]*))?");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final String PREFIX = "models--";
  private static final String MAIN = "main";
  private static final int MAX_REF_BYTES = 256;

  private final Path cache;

  HubCache(Path cache) {
    this.cache = cache;
  }

  /**
   * The folder of a model.
   *
   * @param model a path, or {@code org/name} or {@code org/name@revision}. A revision is a branch,
   *     a tag or a whole commit hash; without one it is {@code main}. A folder of that path wins.
   * @throws InputException if it is neither, or not wholly in the cache
   */
  public static Path folder(String model) {
    Path path = Path.of(model);
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return path;
    }
    Matcher name = NAME.matcher(model);
    return name.matches() ? of(System.getenv()).snapshot(model, name) : path;
  }

  /**
   * The name of a model whose folder is a snapshot in such a cache: {@code org/name} for its main
   * branch, else {@code org/name@revision}. A commit of no branch or tag is named by the beginning
   * of its hash. Empty for every other folder.
   */
  public static Optional<String> name(Path folder) {
    return names(folder).stream().findFirst();
  }

  /** All such names of a snapshot, that of the main branch first. */
  public static List<String> names(Path folder) {
    Path commit = folder.toAbsolutePath().normalize();
    Path snapshots = commit.getParent();
    if (snapshots == null || !snapshots.endsWith("snapshots") || snapshots.getNameCount() < 2) {
      return List.of();
    }
    Path model = snapshots.getParent();
    String name = model.getFileName().toString();
    String hash = commit.getFileName().toString();
    if (!name.startsWith(PREFIX) || !COMMIT.matcher(hash).matches()) {
      return List.of();
    }
    String plain = name.substring(PREFIX.length()).replace("--", "/");
    List<String> names = new ArrayList<>();
    for (String revision : revisions(model)) {
      if (isAt(model, revision, hash)) {
        names.add(revision.equals(MAIN) ? 0 : names.size(), name(plain, revision));
      }
    }
    return names.isEmpty() ? List.of(name(plain, hash.substring(0, 12))) : List.copyOf(names);
  }

  private static String name(String model, String revision) {
    return revision.equals(MAIN) ? model : model + "@" + revision;
  }

  private static boolean isAt(Path model, String revision, String hash) {
    try {
      return commit(model.toString(), model, revision).equals(hash);
    } catch (IOException | InputException e) {
      return false; // a name is all that is asked for
    }
  }

  /** The cache that these environment variables name. */
  static HubCache of(Map<String, String> environment) {
    String hub = environment.get("HF_HUB_CACHE");
    if (hub != null && !hub.isEmpty()) {
      return new HubCache(Path.of(hub));
    }
    String home = environment.get("HF_HOME");
    if (home != null && !home.isEmpty()) {
      return new HubCache(Path.of(home, "hub"));
    }
    String xdg = environment.get("XDG_CACHE_HOME");
    Path caches =
        xdg != null && !xdg.isEmpty()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    return new HubCache(caches.resolve("huggingface").resolve("hub"));
  }

  Path path() {
    return cache;
  }

  /**
   * The snapshot of a model in this cache.
   *
   * @throws InputException if there is none, or if it leads out of the model's folder
   */
  Path snapshot(String given) {
    Matcher name = NAME.matcher(given);
    if (!name.matches()) {
      throw new InputException(
          given, "", "is no name of a model", "give org/name or org/name@revision");
    }
    return snapshot(given, name);
  }

  private Path snapshot(String given, Matcher name) {
    String model = name.group("model");
    String revision = name.group("revision") == null ? MAIN : name.group("revision");
    Path folder = cache.resolve(PREFIX + model.replace("/", "--"));
    if (!Files.isDirectory(folder)) {
      throw new InputException(
          given,
          "",
          "no such folder, and no such model in the cache " + cache,
          "fetch it first: hf download " + model + revisionFlag(revision));
    }
    if (Stream.of(revision.split("/", -1))
        .anyMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."))) {
      throw new InputException(given, "", "is no name of a revision", "give a branch or a commit");
    }
    try {
      String commit = commit(given, folder, revision);
      Path snapshot = folder.resolve("snapshots").resolve(commit);
      if (!COMMIT.matcher(commit).matches() || !Files.isDirectory(snapshot)) {
        throw missing(given, folder, model, revision);
      }
      if (!snapshot.toRealPath().startsWith(folder.toRealPath())) {
        throw new InputException(
            given,
            "",
            String.format(Locale.ROOT, "its snapshot is a link to %s, outside %s", snapshot.toRealPath(), folder),
            "give that folder itself");
      }
      return snapshot;
    } catch (IOException e) {
      throw new InputException(
          folder.toString(), "", "cannot be read (" + e + ")", "check its permissions", e);
    }
  }

  private static String commit(String given, Path folder, String revision) throws IOException {
    Path ref = folder.resolve("refs").resolve(revision);
    if (COMMIT.matcher(revision).matches() || !Files.isRegularFile(ref)) {
      return revision;
    }
    if (!ref.toRealPath().startsWith(folder.toRealPath()) || Files.size(ref) > MAX_REF_BYTES) {
      throw new InputException(
          ref, "", "is no reference of the cache", "remove it and fetch " + given + " again");
    }
    String commit = new String(Files.readAllBytes(ref), StandardCharsets.ISO_8859_1).strip();
    if (!COMMIT.matcher(commit).matches()) {
      throw new InputException(
          ref,
          "",
          String.format(Locale.ROOT, "holds %s, expected a commit hash", StrictJson.describe(commit)),
          "remove it and fetch " + given + " again");
    }
    return commit;
  }

  private static InputException missing(String given, Path folder, String model, String revision) {
    Set<String> known = revisions(folder);
    return new InputException(
        given,
        "",
        String.format(Locale.ROOT, "revision %s is not in the cache %s%s", revision, folder, known.isEmpty() ? "" : ", which has " + String.join(", ", known)),
        "fetch it first: hf download " + model + revisionFlag(revision));
  }

  /** Branches and tags that the cache knows of a model, not all where there are many. */
  private static Set<String> revisions(Path model) {
    Set<String> names = new TreeSet<>();
    Path refs = model.resolve("refs");
    if (Files.isDirectory(refs)) {
      try (Stream<Path> files = Files.walk(refs, 4)) {
        files
            .filter(Files::isRegularFile)
            .limit(200)
            .forEach(file -> names.add(refs.relativize(file).toString()));
      } catch (IOException | UncheckedIOException e) {
        return names; // a list for a message, and a name
      }
    }
    return names;
  }

  private static String revisionFlag(String revision) {
    return revision.equals(MAIN) ? "" : " --revision " + revision;
  }
}
