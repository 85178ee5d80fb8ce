package dev.homolog.analysis.input;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.Comparator;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/** A pattern of file names that the shell has not expanded. */
final class TextGlob {
  private static final String SPECIAL = "*?[{";
  private static final String REMEDY = "check the pattern given to --text";

  private TextGlob() {}

  static List<Path> files(String pattern) {
    Path path = Path.of(pattern);
    if (!special(pattern) || Files.exists(path)) {
      return List.of(path);
    }
    Path folder = path.getRoot();
    int plain = 0;
    while (!special(path.getName(plain).toString())) {
      folder = folder == null ? path.getName(plain) : folder.resolve(path.getName(plain));
      plain++;
    }
    Path rest = path.subpath(plain, path.getNameCount());
    Path start = folder == null ? Path.of("") : folder;
    boolean deep = rest.toString().contains("**");
    List<Path> files = List.of();
    if (Files.isDirectory(start)) {
      try (Stream<Path> walk = Files.walk(start, deep ? Integer.MAX_VALUE : rest.getNameCount())) {
        PathMatcher matcher = start.getFileSystem().getPathMatcher("glob:" + anyDepth(rest));
        files =
            walk.filter(file -> matches(start.relativize(file), rest, matcher))
                .filter(Files::isRegularFile)
                .sorted(Comparator.comparing(Path::toString))
                .toList();
      } catch (PatternSyntaxException e) {
        throw new InputException(pattern, "", "is no pattern of file names", REMEDY, e);
      } catch (IOException | UncheckedIOException e) {
        throw new InputException(
            start.toString(), "", "cannot be read: " + e.getMessage(), "check its permissions", e);
      }
    }
    if (files.isEmpty()) {
      throw new InputException(pattern, "", "matches no file", REMEDY);
    }
    return files;
  }

  /**
   * The pattern with {@code **} for any number of folders. Java's takes at least one, so that files
   * directly in the folder would be missing.
   */
  private static String anyDepth(Path pattern) {
    StringBuilder glob = new StringBuilder();
    int braces = 0;
    for (int i = 0; i < pattern.getNameCount(); i++) {
      String name = pattern.getName(i).toString();
      boolean last = i == pattern.getNameCount() - 1;
      if (name.equals("**") && braces == 0 && !last) {
        glob.append("{**/,}"); // groups cannot hold groups
      } else {
        glob.append(name).append(last ? "" : "/");
      }
      braces += count(name, '{') - count(name, '}');
    }
    return glob.toString();
  }

  private static int count(String name, char c) {
    return (int) name.chars().filter(each -> each == c).count();
  }

  private static boolean special(String name) {
    return name.chars().anyMatch(c -> SPECIAL.indexOf(c) >= 0);
  }

  /** Hidden names only where the pattern has a part that begins with a dot. */
  private static boolean matches(Path file, Path pattern, PathMatcher matcher) {
    return matcher.matches(file) && (hidden(pattern) || !hidden(file));
  }

  private static boolean hidden(Path path) {
    for (Path part : path) {
      if (part.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }
}
