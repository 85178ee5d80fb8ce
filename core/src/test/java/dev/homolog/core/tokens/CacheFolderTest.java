package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.HomologException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderTest {
  @TempDir Path folder;

  @Test
  void ownVariableThenXdgThenHome() {
    Path own = folder.resolve("own");
    Path xdg = folder.resolve("xdg");
    Path home = folder.resolve("home");
    Map<String, String> both =
        Map.of("HOMOLOG_CACHE", own.toString(), "XDG_CACHE_HOME", xdg.toString());
    assertEquals(own, find(both, home));
    assertEquals(
        xdg.resolve("homolog"),
        find(Map.of("HOMOLOG_CACHE", "", "XDG_CACHE_HOME", xdg.toString()), home));
    assertEquals(home.resolve(".cache/homolog"), find(Map.of(), home));
    assertTrue(Files.isDirectory(home.resolve(".cache/homolog")));
  }

  @Test
  void aFreshTemporaryFolderWhereNoneCanBeMade() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    Path first = find(Map.of("HOMOLOG_CACHE", file.resolve("x").toString()), folder);
    assertEquals(folder, first.getParent());
    assertNotEquals(first, find(Map.of("HOMOLOG_CACHE", file.resolve("x").toString()), folder));
    HomologException none =
        assertThrows(
            HomologException.class,
            () -> CacheFolder.find(Map.of(), file.toString(), folder.resolve("gone").toString()));
    assertEquals(
        "neither %s/.cache/homolog nor %s can be written; set HOMOLOG_CACHE to a folder that can"
            .formatted(file, folder.resolve("gone")),
        none.getMessage());
  }

  private Path find(Map<String, String> environment, Path home) {
    return CacheFolder.find(environment, home.toString(), folder.toString());
  }
}
