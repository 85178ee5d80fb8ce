package dev.homolog.core.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.bindings.files.SharedLock;
import dev.homolog.bindings.files.UserFolders;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads from a server on loopback, which breaks, lies, refuses and redirects. */
class HubTest {
  private static final Path MODELS =
      Path.of(System.getProperty("homolog.testResources")).resolve("models");
  private static final String WEIGHTS = "model.safetensors";
  private static final byte[] TOKENIZER = "{\"version\": \"1.0\"}".getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;
  private HubServer server;
  private byte[] weights;
  private final Map<String, String> environment = new HashMap<>();
  private final List<String> notes = new ArrayList<>();
  private final List<Long> progress = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    server = new HubServer();
    weights = Files.readAllBytes(MODELS.resolve("gpt2-untied").resolve(WEIGHTS));
    server
        .file("config.json", Files.readAllBytes(MODELS.resolve("gpt2-untied/config.json")))
        .file("tokenizer.json", TOKENIZER)
        .file("tokenizer_config.json", "{}".getBytes(StandardCharsets.UTF_8))
        .file(WEIGHTS, weights);
    environment.put("HF_ENDPOINT", server.address() + "/");
    environment.put("HF_HOME", folder.resolve("hf").toString());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private HubSettings settings() {
    HubSettings.Timing quick =
        new HubSettings.Timing(
            Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofMillis(1), 3);
    return HubSettings.of(new UserFolders(environment, "?")).withTiming(quick);
  }

  private Hub hub() {
    return hub(settings());
  }

  private Hub hub(HubSettings settings) {
    return new Hub(
        settings,
        new HubListener() {
          @Override
          public void progress(long done, long total) {
            progress.add(done);
          }

          @Override
          public void note(String line) {
            notes.add(line);
          }
        });
  }

  private Path model() {
    return folder.resolve("hf/hub/models--lab--gpt-a");
  }

  private Path snapshot() {
    return model().resolve("snapshots").resolve(HubServer.COMMIT);
  }

  private Path part() {
    return model().resolve("blobs").resolve(HubServer.sha256(weights) + ".incomplete");
  }

  private static List<String> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> !Files.isDirectory(file))
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  private String refusal(String model) {
    return assertThrows(InputException.class, () -> hub().folder(model, true)).getMessage();
  }

  @Test
  void whatIsReadIsFetchedAndNothingElse() throws IOException {
    server
        .file("README.md", new byte[10])
        .file("pytorch_model.bin", weights)
        .file("vocab.json", TOKENIZER)
        .file("merges.txt", TOKENIZER);
    assertEquals(snapshot(), hub().folder("lab/gpt-a", true));
    assertEquals(
        List.of("config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json"), server.gets());
    assertEquals((long) weights.length + TOKENIZER.length + 2, progress.getLast());
    int asked = server.requests().size();
    assertEquals(snapshot(), hub().folder("lab/gpt-a", true));
    assertEquals(snapshot(), hub().folder("lab/gpt-a@" + HubServer.COMMIT, true));
    assertEquals(asked, server.requests().size(), "what is in the cache needs no hub");
    try (var fetched = HuggingFaceCheckpoint.open(snapshot());
        var original = HuggingFaceCheckpoint.open(MODELS.resolve("gpt2-untied"))) {
      assertEquals(original.hashes(), fetched.hashes());
    }
  }

  /** As {@code huggingface_hub} lays it out. */
  @Test
  void theCacheHasTheLayoutOfPython() throws IOException {
    hub().folder("lab/gpt-a@step/1", true);
    byte[] config = Files.readAllBytes(MODELS.resolve("gpt2-untied/config.json"));
    Map<String, String> links = new HashMap<>();
    for (String name : list(snapshot())) {
      links.put(name, Files.readSymbolicLink(snapshot().resolve(name)).toString());
    }
    assertEquals(
        Map.of(
            "config.json",
            "../../blobs/" + HubServer.gitSha1(config),
            "tokenizer.json",
            "../../blobs/" + HubServer.gitSha1(TOKENIZER),
            "tokenizer_config.json",
            "../../blobs/9e26dfeeb6e641a33dae4961196235bdb965b21b",
            WEIGHTS,
            "../../blobs/" + HubServer.sha256(weights)),
        links);
    assertEquals(4, list(model().resolve("blobs")).size());
    assertEquals(HubServer.COMMIT, Files.readString(model().resolve("refs/step/1")));
    assertEquals(
        List.of("added_tokens.json", "special_tokens_map.json"),
        list(model().resolve(".no_exist").resolve(HubServer.COMMIT)));
    assertTrue(
        list(folder.resolve("hf/hub/.locks/models--lab--gpt-a"))
            .contains(HubServer.sha256(weights) + ".lock"));
    assertTrue(
        server.requests().getFirst().path().endsWith("/lab/gpt-a/resolve/step%2F1/config.json"));
    assertTrue(server.requests().get(1).path().contains("/resolve/" + HubServer.COMMIT + "/"));
  }

  @Test
  void shardsAreThoseOfTheIndex() throws IOException {
    Path shards = MODELS.resolve("neox-bf16-shards");
    server.close();
    server = new HubServer();
    environment.put("HF_ENDPOINT", server.address());
    for (String name : list(shards)) {
      server.file(name, Files.readAllBytes(shards.resolve(name)));
    }
    server.file("tokenizer.json", TOKENIZER).file("model-00009-of-00009.safetensors", weights);
    hub().folder("lab/gpt-a", true);
    assertFalse(server.gets().contains("model-00009-of-00009.safetensors"));
    try (var fetched = HuggingFaceCheckpoint.open(snapshot());
        var original = HuggingFaceCheckpoint.open(shards)) {
      assertEquals(original.hashes(), fetched.hashes());
    }
  }

  @Test
  void tokenizingNeedsNoWeights() {
    hub().folder("lab/gpt-a", false);
    assertEquals(List.of("config.json", "tokenizer.json", "tokenizer_config.json"), server.gets());
    hub().folder("lab/gpt-a", true);
    assertTrue(server.gets().contains(WEIGHTS));
  }

  @Test
  void aBrokenDownloadGoesOnWhereItBroke() throws IOException {
    server.breaks(WEIGHTS, 4); // more than a file's attempts; each brings new bytes
    hub().folder("lab/gpt-a", true);
    assertArrayEquals(weights, Files.readAllBytes(snapshot().resolve(WEIGHTS)));
    List<String> ranges =
        server.requests().stream()
            .filter(request -> request.toString().equals("GET " + WEIGHTS))
            .map(request -> request.headers().getOrDefault("range", ""))
            .toList();
    assertEquals(List.of("", "bytes=1000-", "bytes=2000-", "bytes=3000-", "bytes=4000-"), ranges);
  }

  @Test
  void anotherCommandGoesOnWhereTheLastBroke() throws IOException {
    Files.createDirectories(part().getParent());
    Files.write(part(), Arrays.copyOf(weights, 5000)); // as a killed process leaves it
    hub().folder("lab/gpt-a", true);
    assertArrayEquals(weights, Files.readAllBytes(snapshot().resolve(WEIGHTS)));
    assertTrue(
        server.requests().stream()
            .anyMatch(request -> "bytes=5000-".equals(request.headers().get("range"))));
    assertFalse(Files.exists(part()));
  }

  @Test
  void aServerThatEndsForGoodIsNamedAndWhatCameIsKept() throws IOException {
    server.breakAfter = 0;
    server.breaks(WEIGHTS, 1000);
    Files.createDirectories(part().getParent());
    Files.write(part(), Arrays.copyOf(weights, 5000));
    String line = refusal("lab/gpt-a");
    assertTrue(
        line.contains(WEIGHTS + ": the download broke off at 5000 of " + weights.length), line);
    assertTrue(line.endsWith("give the same command again; it goes on from there"), line);
    assertArrayEquals(Arrays.copyOf(weights, 5000), Files.readAllBytes(part()));
    assertEquals(List.of(), list(model().resolve("refs")), "a half model has no name");
  }

  @Test
  void aSilentServerIsGivenUp() {
    server.breaks(WEIGHTS, 1);
    server.stalls = true;
    HubSettings.Timing impatient =
        new HubSettings.Timing(
            Duration.ofSeconds(20), Duration.ofMillis(300), Duration.ofMillis(1), 3);
    hub(settings().withTiming(impatient)).folder("lab/gpt-a", true);
    assertTrue(Files.exists(snapshot().resolve(WEIGHTS)));
  }

  @ParameterizedTest
  @CsvSource({"false, true", "true, false", "false, false"})
  void serversWithoutRangesOrSizesServe(boolean ranges, boolean sizes) throws IOException {
    server.ranges = ranges;
    server.sizes = sizes;
    Files.createDirectories(part().getParent());
    Files.write(part(), Arrays.copyOf(weights, 5000));
    hub().folder("lab/gpt-a", true);
    assertArrayEquals(weights, Files.readAllBytes(snapshot().resolve(WEIGHTS)));
  }

  @Test
  void whatIsLeftOfOtherBytesIsFetchedAnew() throws IOException {
    Files.createDirectories(part().getParent());
    Files.write(part(), new byte[5000]);
    hub().folder("lab/gpt-a", true);
    assertArrayEquals(weights, Files.readAllBytes(snapshot().resolve(WEIGHTS)));
    Files.delete(snapshot().resolve(WEIGHTS).toRealPath());
    Files.write(part(), new byte[weights.length + 1]);
    hub().folder("lab/gpt-a", true);
    assertArrayEquals(weights, Files.readAllBytes(snapshot().resolve(WEIGHTS)));
  }

  @ParameterizedTest
  @ValueSource(strings = {WEIGHTS, "config.json", "tokenizer.json"})
  void otherBytesThanTheHashAreRefused(String name) throws IOException {
    String lie = name.equals(WEIGHTS) ? "ab".repeat(32) : "ab".repeat(20);
    server.tag(name, lie);
    String line = refusal("lab/gpt-a");
    assertTrue(line.contains(name + ": has other bytes than the hash " + lie), line);
    assertFalse(list(model().resolve("blobs")).stream().anyMatch(file -> file.startsWith("abab")));
    assertFalse(Files.exists(snapshot().resolve(name)));
    assertEquals(List.of(), list(model().resolve("refs")));
  }

  @Test
  void moreBytesThanTheSizeAreRefused() throws IOException {
    server.sizeError = -1;
    String line = refusal("lab/gpt-a");
    assertTrue(line.contains("is longer than the hub says, " + (weights.length - 1)), line);
    assertFalse(Files.exists(part()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../../etc/passwd", "\"", "", "ABCDEF", "0123"})
  void hashesThatAreNoHashesAreRefused(String tag) throws IOException {
    server.tag(WEIGHTS, tag);
    assertTrue(refusal("lab/gpt-a").contains("no commit or no hash"));
    server.tag(WEIGHTS, HubServer.sha256(weights));
    server.commit = "../../x";
    assertTrue(refusal("lab/gpt-b").contains("no commit or no hash"));
    assertEquals(List.of(), list(folder.resolve("hf/hub/models--lab--gpt-b")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../x.safetensors", "/etc/x.safetensors", "a/b.safetensors", "..\\x.safetensors"})
  void shardsThatArePathsAreRefused(String shard) throws IOException {
    server.close();
    server = new HubServer();
    environment.put("HF_ENDPOINT", server.address());
    server
        .file("config.json", Files.readAllBytes(MODELS.resolve("gpt2-untied/config.json")))
        .file("tokenizer.json", TOKENIZER)
        .file(
            "model.safetensors.index.json",
            ("{\"weight_map\": {\"w\": \"" + shard.replace("\\", "\\\\") + "\"}}")
                .getBytes(StandardCharsets.UTF_8));
    assertTrue(refusal("lab/gpt-a").contains("is no plain file name"));
    assertFalse(server.requests().stream().anyMatch(r -> r.file().startsWith("x.")));
  }

  @Test
  void aModelOfAnotherKindIsRefusedBeforeItsWeights() {
    server.file("config.json", "{\"model_type\": \"llama\"}".getBytes(StandardCharsets.UTF_8));
    assertTrue(refusal("lab/gpt-a").contains("model_type"));
    assertEquals(List.of("config.json"), server.gets());
  }

  @ParameterizedTest
  @CsvSource({"401, GatedRepo", "403, GatedRepo", "401, RepoNotFound", "401, ''", "403, ''"})
  void refusedAccessNamesTheTokenAndThePage(int status, String code) {
    server.refusal = (status + " " + code).strip();
    String line = refusal("lab/gpt-a@step3");
    assertTrue(line.contains("refuses access (" + status + ") with no token"), line);
    assertTrue(line.contains("HF_TOKEN"), line);
    assertTrue(line.contains("ask for access on " + server.address() + "/lab/gpt-a"), line);
    environment.put("HF_TOKEN", "hf_secret");
    line = refusal("lab/gpt-a");
    assertTrue(line.contains("with the token of HF_TOKEN"), line);
    assertFalse(line.contains("hf_secret"), line);
  }

  @Test
  void whatTheHubLacksIsNamed() {
    server.refusal = "404 RepoNotFound";
    assertTrue(refusal("lab/gpt-a").contains(server.address() + " has no such model"));
    server.refusal = "404 RevisionNotFound";
    assertTrue(refusal("lab/gpt-a@step9").contains("the hub has no revision step9 of it"));
    server.refusal = "503";
    assertTrue(refusal("lab/gpt-a").contains("answers 503"));
    server.refusal = "";
    server.close();
    assertTrue(refusal("lab/gpt-a").contains("cannot be reached (no connection)"));
  }

  @Test
  void theTokenGoesToTheHubAlone() throws IOException {
    environment.put("HF_TOKEN", " hf_secret\n");
    server.token = "hf_secret";
    try (HubServer cdn = new HubServer()) {
      cdn.file(WEIGHTS, weights).breaks(WEIGHTS, 1);
      server.elsewhere = cdn.address();
      hub().folder("lab/gpt-a", true);
      assertArrayEquals(weights, Files.readAllBytes(snapshot().resolve(WEIGHTS)));
      assertEquals(List.of(WEIGHTS, WEIGHTS), cdn.gets());
      for (HubServer.Request request : cdn.requests()) {
        assertFalse(request.headers().containsKey("authorization"));
      }
      assertEquals("bytes=1000-", cdn.requests().getLast().headers().get("range"));
    }
  }

  /** The tag of a redirect on the hub itself is not the file's. */
  @Test
  void aFileThatHasMovedOnTheHubIsFollowedWithTheToken() throws IOException {
    environment.put("HF_TOKEN", "hf_secret");
    server.token = "hf_secret";
    server.moved = true;
    hub().folder("lab/gpt-a", true);
    assertArrayEquals(weights, Files.readAllBytes(snapshot().resolve(WEIGHTS)));
  }

  @Test
  void aRedirectWithoutEndIsRefused() {
    server.elsewhere = server.address() + "/lab/gpt-a/resolve/main";
    assertTrue(refusal("lab/gpt-a").contains("is redirected more than 10 times"));
    server.elsewhere = "file:///etc";
    assertTrue(refusal("lab/gpt-a").contains("no safe address"));
  }

  @Test
  void offlineOnlyTheCacheIsLookedAt() throws IOException {
    HubSettings offline = settings().withOffline(true);
    InputException e =
        assertThrows(InputException.class, () -> hub(offline).folder("lab/gpt-a", true));
    assertEquals(
        "lab/gpt-a: no such folder, and no such model in the cache "
            + folder.resolve("hf/hub")
            + "; fetch it first: homolog download lab/gpt-a",
        e.getMessage());
    environment.put("HF_HUB_OFFLINE", "yes");
    assertThrows(InputException.class, () -> hub().download("lab/gpt-a"));
    assertEquals(List.of(), server.requests());
    environment.put("HF_HUB_OFFLINE", "0");
    hub().folder("lab/gpt-a", true);
    assertEquals(snapshot(), hub(offline).folder("lab/gpt-a", true));
  }

  @Test
  void foldersWinAndPathsAreNoNames() throws IOException {
    Path own = Files.createDirectories(folder.resolve("own"));
    assertEquals(own, hub().folder(own.toString(), true));
    assertEquals(Path.of("./no/such"), hub().folder("./no/such", true));
    assertEquals(List.of(), server.requests());
  }

  @Test
  void downloadFollowsABranch() throws IOException {
    assertEquals(snapshot(), hub().download("lab/gpt-a"));
    String later = "fedcba9876543210fedcba9876543210fedcba98";
    server.commit = later;
    assertEquals(snapshot(), hub().folder("lab/gpt-a", true), "a study stays with the cache");
    Path next = model().resolve("snapshots").resolve(later);
    assertEquals(next, hub().download("lab/gpt-a"));
    assertEquals(later, Files.readString(model().resolve("refs/main")));
    assertEquals(1, server.gets().stream().filter(WEIGHTS::equals).count(), "equal bytes are kept");
    server.close();
    assertEquals(next, hub().download("lab/gpt-a"));
    assertEquals(List.of("lab/gpt-a: the hub cannot be reached; the cache has it"), notes);
  }

  @Test
  void aModelWithoutTokenizerIsAskedForOnce() throws IOException {
    server.close();
    server = new HubServer();
    environment.put("HF_ENDPOINT", server.address());
    server
        .file("config.json", Files.readAllBytes(MODELS.resolve("gpt2-untied/config.json")))
        .file(WEIGHTS, weights);
    hub().folder("lab/gpt-a", true);
    int asked = server.requests().size();
    hub().folder("lab/gpt-a", true);
    assertEquals(asked, server.requests().size());
  }

  /** What a cache without network has always given. */
  @Test
  void aModelWithoutTokenizerServesWithoutTheHub() throws IOException {
    hub().folder("lab/gpt-a", true);
    Files.delete(snapshot().resolve("tokenizer.json"));
    server.close();
    assertEquals(snapshot(), hub().folder("lab/gpt-a", true));
    assertTrue(notes.getFirst().endsWith("; what the cache has is taken"), notes::toString);
    Files.delete(snapshot().resolve(WEIGHTS));
    assertTrue(refusal("lab/gpt-a").contains("cannot be reached"));
  }

  /** Another program's lock, as {@code flock} of util-linux or Python takes it. */
  @Test
  void aDownloadWaitsForWhoeverHoldsTheLock() throws Exception {
    Path locks = Files.createDirectories(folder.resolve("hf/hub/.locks/models--lab--gpt-a"));
    Path lock = Files.createFile(locks.resolve(HubServer.sha256(weights) + ".lock"));
    Process other =
        new ProcessBuilder("flock", lock.toString(), "sh", "-c", "echo held; read line").start();
    assertEquals('h', other.getInputStream().read());
    CountDownLatch done = new CountDownLatch(1);
    Thread download =
        Thread.ofPlatform()
            .start(() -> {
              hub().folder("lab/gpt-a", true);
              done.countDown();
            });
    while (notes.isEmpty()) {
      Thread.sleep(10);
    }
    assertFalse(server.gets().contains(WEIGHTS));
    other.getOutputStream().close();
    assertTrue(done.await(60, TimeUnit.SECONDS));
    download.join();
    assertEquals(List.of(WEIGHTS + ": waiting for another program that fetches it"), notes);
  }

  @Test
  void locksExcludeThreadsAndOtherPrograms() throws Exception {
    Path lock = folder.resolve("x.lock");
    try (SharedLock held = SharedLock.take(lock, () -> {}).orElseThrow()) {
      assertEquals(1, new ProcessBuilder("flock", "-n", lock.toString(), "true").start().waitFor());
      Files.delete(lock); // some versions of filelock do
      try (SharedLock other = SharedLock.take(lock, () -> notes.add("waits")).orElseThrow()) {
        assertEquals(List.of(), notes);
        assertTrue(other != held);
      }
    }
    assertEquals(0, new ProcessBuilder("flock", "-n", lock.toString(), "true").start().waitFor());
  }
}
