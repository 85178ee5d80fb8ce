package dev.homolog.bindings.files;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a user's files are, for all caches alike. {@code HOME} wins over the password file, as in
 * shells and Python; containers and clusters set it to what can be written.
 *
 * @param environment the environment variables that are read
 * @param passwordHome the password file's home, as Java knows it ({@code user.home}); {@code ?} or
 *     empty where the user has none
 */
public record UserFolders(Map<String, String> environment, String passwordHome) {
  private static final Pattern VARIABLE = Pattern.compile("\\$(?:(\\w+)|\\{([^}]*)})");

  /** Those of the user who runs this process. */
  public static UserFolders ofProcess() {
    return new UserFolders(System.getenv(), System.getProperty("user.home", ""));
  }

  public UserFolders {
    environment = Map.copyOf(environment);
  }

  /** The value of a variable; empty if unset or blank. */
  public Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
  }

  /** The home folder; empty if there is no absolute one, so that none is made up. */
  public Optional<Path> home() {
    return absolute(variable("HOME").orElse("")).or(() -> absolute(passwordHome));
  }

  /**
   * {@code XDG_CACHE_HOME} if it is absolute, as its specification has it, else {@code ~/.cache}.
   */
  public Optional<Path> caches() {
    return absolute(variable("XDG_CACHE_HOME").orElse(""))
        .or(() -> home().map(home -> home.resolve(".cache")));
  }

  /** The folder that is Homolog's own, if nothing names another. */
  public Optional<Path> homologCache() {
    return variable("HOMOLOG_CACHE")
        .map(folder -> expand(folder).toAbsolutePath())
        .or(() -> caches().map(caches -> caches.resolve("homolog")));
  }

  /**
   * A path with {@code ~} at its beginning and {@code $VAR} or <code>${VAR}</code> in it, as Python
   * expands them. What is not known stays as it is.
   *
   * @throws InvalidPathException if the system has no such path
   */
  public Path expand(String text) {
    String path = text;
    Optional<Path> home = home();
    if (home.isPresent() && (path.equals("~") || path.startsWith("~/"))) {
      path = home.get() + path.substring(1);
    }
    Matcher matcher = VARIABLE.matcher(path);
    StringBuilder expanded = new StringBuilder();
    while (matcher.find()) {
      String name = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
      String value = environment.getOrDefault(name, matcher.group());
      matcher.appendReplacement(expanded, Matcher.quoteReplacement(value));
    }
    return Path.of(matcher.appendTail(expanded).toString());
  }

  private static Optional<Path> absolute(String text) {
    try {
      return text.isBlank()
          ? Optional.empty()
          : Optional.of(Path.of(text)).filter(Path::isAbsolute);
    } catch (InvalidPathException e) {
      return Optional.empty(); // no path of this system
    }
  }
}
