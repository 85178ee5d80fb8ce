package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Locales and temporary folders as bare machines have them. */
@EnabledOnOs(OS.LINUX)
class PlacesTest {
  private static final Path LAUNCHER =
      Path.of(System.getProperty("homolog.testResources")).resolveSibling("homolog");

  @TempDir Path folder;

  /** What functions of the launcher leave behind, without a build and without Java. */
  private String launcher(Map<String, String> environment, String commands) throws Exception {
    String functions = "/^use_utf8()/,/^}/p;/^is_temporary()/,/^}/p;/^find_temporary()/,/^}/p";
    String script =
        "set -euo pipefail; source <(sed -n '%s' '%s'); %s"
            .formatted(functions, LAUNCHER, commands);
    ProcessBuilder builder = new ProcessBuilder("bash", "-c", script);
    String path = builder.environment().get("PATH");
    builder.environment().clear();
    builder.environment().put("PATH", path);
    builder.environment().putAll(environment);
    Process process = builder.redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), out);
    return out.strip();
  }

  @ParameterizedTest
  @CsvSource({"LC_ALL, C", "LANG, POSIX", "LC_CTYPE, C", "OTHER, x"})
  void theLauncherGivesJavaUtf8(String variable, String value) throws Exception {
    String letters = launcher(Map.of(variable, value), "use_utf8; locale charmap");
    assertEquals("UTF-8", letters);
  }

  @Test
  void aTemporaryFolderThatDoesNotServeIsReplaced() throws Exception {
    String find = "find_temporary; echo $temporary";
    assertEquals("/tmp", launcher(Map.of("HOME", folder + ""), find));
    assertEquals(folder + "", launcher(Map.of("TMPDIR", folder + ""), find));
    String option = "-Xmx1g -Djava.io.tmpdir=" + folder;
    assertEquals(folder + "", launcher(Map.of("HOMOLOG_JAVA_OPTS", option), find));
    assertEquals("/tmp", launcher(Map.of("TMPDIR", folder.resolve("gone") + ""), find));
    String without = "is_temporary() { [[ $1 == */tmp && $1 != /tmp && -d $1 ]]; }; " + find;
    Path cache = folder.resolve("cache");
    assertEquals(cache.resolve("tmp") + "", launcher(Map.of("HOMOLOG_CACHE", cache + ""), without));
    assertEquals(List.of(), Cli.names(cache.resolve("tmp")));
    assertEquals(
        folder.resolve(".cache/homolog/tmp") + "", launcher(Map.of("HOME", folder + ""), without));
    assertTrue(Files.notExists(folder.resolve("?")));
  }

  @ParameterizedTest
  @CsvSource({"--model, --out", "--out, --model"})
  void namesThatAreNoPathsAreSaidWithoutClasses(String broken, String sound) {
    Cli.Outcome outcome = Cli.run("weights", broken, "a\0b", sound, folder.resolve("x").toString());
    assertEquals(2, outcome.code());
    String line = outcome.err().getFirst();
    assertTrue(line.contains("is no path here") && line.contains("LC_CTYPE"), line);
    assertFalse(line.contains("Exception") || line.contains("java."), line);
  }
}
