package dev.homolog.bindings.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CacheFolderTest {
  @TempDir Path folder;

  private static UserFolders user(Map<String, String> environment, String passwordHome) {
    return new UserFolders(environment, passwordHome);
  }

  private Path find(Map<String, String> environment, Path home) throws IOException {
    return CacheFolder.find(user(environment, home.toString()), folder);
  }

  @Test
  void ownVariableThenXdgThenHome() throws IOException {
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
  void homeOfTheVariableWinsOverThePasswordFiles() throws IOException {
    Path set = folder.resolve("set");
    assertEquals(
        set.resolve(".cache/homolog"),
        find(Map.of("HOME", set.toString()), folder.resolve("password")));
    assertFalse(Files.exists(folder.resolve("password")));
  }

  /** Java says {@code ?} of a user id that the password file does not have. */
  @ParameterizedTest
  @ValueSource(strings = {"?", "", "relative"})
  void withoutAHomeNoFolderIsMadeUp(String home) throws IOException {
    assertEquals(Optional.empty(), user(Map.of("HOME", ""), home).home());
    Path found = CacheFolder.find(user(Map.of(), home), folder);
    assertEquals(folder, found.getParent());
    assertTrue(found.getFileName().toString().matches("homolog-cache-\\d+"), found.toString());
    assertEquals(found, CacheFolder.named(user(Map.of("HOME", "~"), home), folder));
    if (!home.isEmpty()) {
      assertFalse(Files.exists(Path.of(home)));
    }
  }

  @Test
  void oneTemporaryFolderForAUserWhereNoneCanBeMade() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    Map<String, String> taken = Map.of("HOMOLOG_CACHE", file.resolve("x").toString());
    Path first = find(taken, folder);
    assertEquals(folder, first.getParent());
    assertEquals(first, find(taken, folder));
    IOException none =
        assertThrows(
            IOException.class,
            () -> CacheFolder.find(user(Map.of(), file.toString()), file.resolve("gone")));
    assertEquals(
        "neither %s/.cache/homolog nor %s/gone can be written".formatted(file, file),
        none.getMessage());
  }

  @Test
  void itIsMadeForItsOwnerAlone() throws IOException {
    Path made = find(Map.of("HOMOLOG_CACHE", folder.resolve("a/b").toString()), folder);
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(made)));
  }

  @ParameterizedTest
  @CsvSource({"cache, rwxrwxrwx", "cache, rwx----w-", ". , rwxrwxrwx"})
  void whatOthersMayWriteToIsRefused(String open, String mode) throws IOException {
    Path parent = Files.createDirectory(folder.resolve("parent"));
    Path cache = Files.createDirectory(parent.resolve("cache"));
    Path written = parent.resolve(open).normalize();
    Files.setPosixFilePermissions(written, PosixFilePermissions.fromString(mode));
    Map<String, String> named = Map.of("HOMOLOG_CACHE", cache.toString());
    IOException e = assertThrows(IOException.class, () -> find(named, folder));
    assertEquals(
        "others may write to " + written + ", so code in " + cache + " is not run", e.getMessage());
    assertThrows(IOException.class, () -> CacheFolder.named(user(named, ""), folder));
  }

  @Test
  void linksAreLookedThrough() throws IOException {
    Path open = Files.createDirectory(folder.resolve("open"));
    Path real = Files.createDirectory(open.resolve("real"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    assertEquals(Optional.empty(), Trust.refusal(link));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertEquals(Optional.of("others may write to " + open), Trust.refusal(link));
    Path circle = Files.createSymbolicLink(folder.resolve("circle"), Path.of("circle"));
    assertTrue(Trust.refusal(circle).isPresent());
  }

  @Test
  void stickyFoldersServe() throws IOException {
    Path sticky = Files.createDirectory(folder.resolve("sticky"));
    Files.setAttribute(sticky, "unix:mode", 01777);
    assertEquals(Optional.empty(), Trust.refusal(Files.createDirectory(sticky.resolve("mine"))));
  }

  @Test
  void pathsAreExpandedAsInPython() {
    UserFolders user = user(Map.of("HOME", "/h", "A", "1", "B_2", "x/y"), "/p");
    assertEquals(Path.of("/h"), user.expand("~"));
    assertEquals(Path.of("/h/a"), user.expand("~/a"));
    assertEquals(Path.of("~other/a"), user.expand("~other/a"));
    assertEquals(Path.of("/1/x/y/$C"), user.expand("/$A/${B_2}/$C"));
    assertEquals(Path.of("/a~"), user.expand("/a~"));
  }
}
