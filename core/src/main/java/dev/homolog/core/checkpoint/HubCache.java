package dev.homolog.core.checkpoint;

import dev.homolog.bindings.files.UserFolders;
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
 * network is never asked. The cache is {@code HF_HUB_CACHE}, else {@code HUGGINGFACE_HUB_CACHE},
 * else {@code HF_HOME/hub}, else {@code ~/.cache/huggingface/hub} ({@code XDG_CACHE_HOME} in place
 * of {@code ~/.cache} where it is set). {@code ~} and variables in these are expanded.
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

  /**
   * A name on the hub.
   *
   * @param model {@code org/name}, or {@code name} alone
   * @param revision a branch, a tag or a whole commit hash
   */
  public record Name(String model, String revision) {
    /** Whether the revision is a commit, which never changes. */
    public boolean isCommit() {
      return COMMIT.matcher(revision).matches();
    }
  }

  /** The cache in that folder, which need not be there. */
  public HubCache(Path cache) {
    this.cache = cache;
  }

  /**
   * The name that a model is given by, {@code main} where it has no revision. Empty where something
   * of that path exists, or where it is no such name.
   *
   * @throws InputException if the revision is a path
   */
  public static Optional<Name> parse(String given) {
    Matcher name = NAME.matcher(given);
    return !name.matches() || Files.exists(Path.of(given), LinkOption.NOFOLLOW_LINKS)
        ? Optional.empty()
        : Optional.of(name(given, name));
  }

  private static Name name(String given, Matcher matched) {
    String revision = matched.group("revision") == null ? MAIN : matched.group("revision");
    if (Stream.of(revision.split("/", -1))
        .anyMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."))) {
      throw new InputException(given, "", "is no name of a revision", "give a branch or a commit");
    }
    return new Name(matched.group("model"), revision);
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
    return of(new UserFolders(environment, System.getProperty("user.home", "")));
  }

  /**
   * The cache of this user.
   *
   * @throws InputException if no variable names it and there is no home folder
   */
  public static HubCache of(UserFolders user) {
    return new HubCache(
        user.variable("HF_HUB_CACHE")
            .or(() -> user.variable("HUGGINGFACE_HUB_CACHE"))
            .map(user::expand)
            .orElseGet(() -> huggingFaceHome(user).resolve("hub")));
  }

  /**
   * {@code HF_HOME}, else the folder {@code huggingface} of the user's caches.
   *
   * @throws InputException if there is neither
   */
  public static Path huggingFaceHome(UserFolders user) {
    return user.variable("HF_HOME")
        .map(user::expand)
        .or(() -> user.caches().map(caches -> caches.resolve("huggingface")))
        .orElseThrow(() ->
            new InputException(
                "HF_HOME",
                "",
                "is not set, and this user has no home folder, so there is no cache of models",
                "set HF_HOME to a folder that can be written"));
  }

  /** The folder of the cache. */
  public Path path() {
    return cache;
  }

  /** The folder of a model in this cache, which need not be there. */
  public Path model(Name name) {
    return cache.resolve(folderName(name));
  }

  /** What the folder of a model is called, in the cache and among its locks. */
  public static String folderName(Name name) {
    return PREFIX + name.model().replace("/", "--");
  }

  /**
   * The snapshot of a model in this cache; empty if there is none.
   *
   * @throws InputException if it leads out of the model's folder, or a reference is damaged
   */
  public Optional<Path> find(Name name) {
    String given = name(name.model(), name.revision());
    Path folder = model(name);
    try {
      String commit = commit(given, folder, name.revision());
      Path snapshot = folder.resolve("snapshots").resolve(commit);
      if (!COMMIT.matcher(commit).matches() || !Files.isDirectory(snapshot)) {
        return Optional.empty();
      }
      if (!snapshot.toRealPath().startsWith(folder.toRealPath())) {
        throw new InputException(
            given,
            "",
            String.format(
                Locale.ROOT,
                "its snapshot is a link to %s, outside %s",
                snapshot.toRealPath(),
                folder),
            "give that folder itself");
      }
      return Optional.of(snapshot);
    } catch (IOException e) {
      throw new InputException(
          folder.toString(), "", "cannot be read (" + e + ")", "check its permissions", e);
    }
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
    return snapshot(given, name(given, name));
  }

  /**
   * The same of a name that was given in these words.
   *
   * @throws InputException if there is none, or if it leads out of the model's folder
   */
  public Path snapshot(String given, Name name) {
    return find(name).orElseThrow(() -> missing(given, name));
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
          String.format(
              Locale.ROOT, "holds %s, expected a commit hash", StrictJson.describe(commit)),
          "remove it and fetch " + given + " again");
    }
    return commit;
  }

  private InputException missing(String given, Name name) {
    Path folder = model(name);
    String fetch = "fetch it first: homolog download " + name(name.model(), name.revision());
    if (!Files.isDirectory(folder)) {
      return new InputException(
          given, "", "no such folder, and no such model in the cache " + cache, fetch);
    }
    Set<String> known = revisions(folder);
    return new InputException(
        given,
        "",
        String.format(
            Locale.ROOT,
            "revision %s is not in the cache %s%s",
            name.revision(),
            folder,
            known.isEmpty() ? "" : ", which has " + String.join(", ", known)),
        fetch);
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
}
