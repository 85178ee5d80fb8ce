package dev.homolog.core.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.bindings.files.UserFolders;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {
  @TempDir Path folder;

  private static HubSettings of(Map<String, String> environment) {
    return HubSettings.of(new UserFolders(environment, "/pw/me"));
  }

  /** What {@code huggingface_hub.constants} computes from the same variables. */
  @ParameterizedTest
  @CsvSource({
    "HF_HOME=~/x, /env/me/x/hub",
    "HF_HOME=$SCRATCH/hf, /scratch/hf/hub",
    "HF_HOME=${SCRATCH}/hf, /scratch/hf/hub",
    "HF_HOME=/a/$UNKNOWN/b, /a/$UNKNOWN/b/hub",
    "HF_HUB_CACHE=~/c, /env/me/c",
    "HUGGINGFACE_HUB_CACHE=$SCRATCH/c, /scratch/c",
    "XDG_CACHE_HOME=/xdg, /xdg/huggingface/hub",
    "OTHER=1, /env/me/.cache/huggingface/hub"
  })
  void theCacheIsWherePythonHasIt(String variable, String cache) {
    String[] parts = variable.split("=");
    Map<String, String> environment =
        Map.of("HOME", "/env/me", "SCRATCH", "/scratch", parts[0], parts[1]);
    assertEquals(Path.of(cache), of(environment).cache());
  }

  @Test
  void homeComesFromTheVariableThenThePasswordFile() {
    assertEquals(Path.of("/pw/me/.cache/huggingface/hub"), of(Map.of()).cache());
    InputException e =
        assertThrows(InputException.class, () -> HubSettings.of(new UserFolders(Map.of(), "?")));
    assertEquals("HF_HOME", e.where());
    assertEquals(
        Path.of("/h/hub"), HubSettings.of(new UserFolders(Map.of("HF_HOME", "/h"), "?")).cache());
  }

  @Test
  void theTokenIsTheVariablesThenTheFiles() throws IOException {
    Files.writeString(folder.resolve("token"), "of_file\n");
    Files.writeString(folder.resolve("other"), "of_other");
    Map<String, String> home = Map.of("HF_HOME", folder.toString());
    assertEquals("of_file", secret(home));
    assertEquals("the token of " + folder.resolve("token"), of(home).token().get().toString());
    assertEquals(
        "of_other", secret(Map.of("HF_HOME", folder + "", "HF_TOKEN_PATH", folder + "/other")));
    assertEquals("a", secret(Map.of("HF_HOME", folder + "", "HF_TOKEN", "a\r\n")));
    assertEquals("b", secret(Map.of("HUGGING_FACE_HUB_TOKEN", "b")));
    assertEquals(
        Optional.empty(),
        of(Map.of("HF_TOKEN", "a", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).token());
    InputException e =
        assertThrows(InputException.class, () -> of(Map.of("HF_TOKEN", "a\r\nX-Evil: b")));
    assertEquals("HF_TOKEN", e.where());
    assertFalse(e.getMessage().contains("Evil"));
  }

  private static String secret(Map<String, String> environment) {
    return of(environment).token().orElseThrow().secret();
  }

  @Test
  void offlineIsTrueInPythonsWords() {
    for (String yes : new String[] {"1", "ON", "yes", "True"}) {
      assertTrue(of(Map.of("HF_HUB_OFFLINE", yes)).offline());
    }
    assertTrue(of(Map.of("TRANSFORMERS_OFFLINE", "1")).offline());
    assertFalse(of(Map.of("HF_HUB_OFFLINE", "0")).offline());
    assertTrue(of(Map.of()).withOffline(true).offline());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ftp://x", "x", "http://", "http://x?y=1", "http://a b", "file:///etc"})
  void endpointsThatAreNoHubAreRefused(String endpoint) {
    InputException e =
        assertThrows(InputException.class, () -> of(Map.of("HF_ENDPOINT", endpoint)));
    assertEquals("HF_ENDPOINT", e.where());
  }

  @Test
  void proxiesAreThoseOfTheEnvironment() {
    var proxies =
        HubProxies.ofEnvironment(
            Map.of("HTTPS_PROXY", "http://p:3128", "no_proxy", "localhost,.corp"));
    assertEquals("p/<unresolved>:3128", address(proxies.select(URI.create("https://a.b")).get(0)));
    assertEquals(Proxy.NO_PROXY, proxies.select(URI.create("https://x.corp/a")).get(0));
    assertEquals(Proxy.NO_PROXY, proxies.select(URI.create("http://a.b")).get(0));
  }

  private static String address(Proxy proxy) {
    return proxy.address().toString();
  }

  /** Values of {@code git hash-object} and of FIPS 180-2. */
  @Test
  void hashesAreThoseOfGitAndSha256() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty"));
    Path hello = Files.writeString(folder.resolve("hello"), "hello\n");
    Path abc = Files.writeString(folder.resolve("abc"), "abc");
    assertTrue(hash("\"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\"").matches(empty));
    assertTrue(hash("W/\"ce013625030ba8dba906f756967f9e9ca394464a\"").matches(hello));
    String sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assertTrue(hash(sha256).matches(abc));
    assertFalse(hash(sha256).matches(hello));
    assertFalse(hash("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391").matches(hello));
  }

  private static FileHash hash(String tag) {
    return FileHash.ofTag(tag).orElseThrow();
  }
}
