import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Checks or fixes the format of every Java source of the repository, but for build output and
 * generated packages, by google-java-format. {@code pom.xml} says how it is run.
 */
class Format {
  private static final Set<String> SKIPPED = Set.of("target", "gen", "runs");

  private static final String REMEDY = "mvn -q -N initialize exec:exec@format";

  /** Arguments: {@code --check} or {@code --fix}, then the root folder. */
  public static void main(String[] args) throws IOException {
    boolean fix = args[0].equals("--fix");
    Path root = Path.of(args[1]);
    List<Path> wrong = sources(root).parallelStream().filter(file -> !format(file, fix)).toList();
    wrong.forEach(file ->
        System.out.println((fix ? "formatted: " : "not formatted: ") + root.relativize(file)));
    if (!wrong.isEmpty() && !fix) {
      System.out.println("To format them all: " + REMEDY);
      System.exit(1);
    }
  }

  private static List<Path> sources(Path root) throws IOException {
    var found = new ArrayList<Path>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            String name = folder.getFileName().toString();
            boolean skipped =
                !folder.equals(root) && (SKIPPED.contains(name) || name.startsWith("."));
            return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return found;
  }

  /** Whether the file was as it should be; if not and {@code fix} is set, now it is. */
  private static boolean format(Path file, boolean fix) {
    try {
      String text = Files.readString(file);
      String imports =
          ImportOrderer.reorderImports(RemoveUnusedImports.removeUnusedImports(text), Style.GOOGLE);
      String formatted = new Formatter().formatSource(imports);
      if (formatted.equals(text)) {
        return true;
      }
      if (fix) {
        Files.writeString(file, formatted);
      }
      return false;
    } catch (FormatterException e) {
      throw new IllegalStateException(file + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
