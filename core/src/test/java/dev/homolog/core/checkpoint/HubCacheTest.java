package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static dev.homolog.core.checkpoint.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A cache laid out as huggingface_hub does: blobs by hash, snapshots of links, refs. */
class HubCacheTest {
  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final String STEP = "89abcdef0123456789abcdef0123456789abcdef";

  @TempDir Path folder;
  private Path model;
  private Path snapshot;
  private HubCache cache;

  @BeforeEach
  void layOut() throws IOException {
    cache = new HubCache(folder.resolve("hub"));
    model = folder.resolve("hub/models--stanford-crfm--alias-gpt2-small-x21");
    snapshot = Files.createDirectories(model.resolve("snapshots/" + COMMIT));
    Files.createDirectories(model.resolve("snapshots/" + STEP));
    Files.createDirectories(model.resolve("blobs"));
    Files.createDirectories(model.resolve("refs/refs/pr"));
    write(model.resolve("refs/main"), COMMIT.getBytes(StandardCharsets.UTF_8));
    write(model.resolve("refs/step3000"), (STEP + "\n").getBytes(StandardCharsets.UTF_8));
    write(model.resolve("refs/refs/pr/1"), STEP.getBytes(StandardCharsets.UTF_8));
    write(model.resolve("blobs/aa"), TestFiles.TINY_JSON.getBytes(StandardCharsets.UTF_8));
    Files.copy(TestFiles.family().resolve("torch/f16.bin"), model.resolve("blobs/bb"));
    link("config.json", "../../blobs/aa");
    link("pytorch_model.bin", "../../blobs/bb");
  }

  private void link(String name, String target) throws IOException {
    Files.createSymbolicLink(snapshot.resolve(name), Path.of(target));
  }

  @Test
  void modelIsFoundByNameBranchAndCommit() {
    String name = "stanford-crfm/alias-gpt2-small-x21";
    assertEquals(snapshot, cache.snapshot(name));
    assertEquals(snapshot, cache.snapshot(name + "@main"));
    assertEquals(snapshot, cache.snapshot(name + "@" + COMMIT));
    assertEquals(model.resolve("snapshots/" + STEP), cache.snapshot(name + "@step3000"));
    assertEquals(model.resolve("snapshots/" + STEP), cache.snapshot(name + "@refs/pr/1"));
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(cache.snapshot(name))) {
      assertEquals(16, checkpoint.names().size());
      assertEquals(
          List.of("config.json", "pytorch_model.bin"), List.copyOf(checkpoint.hashes().keySet()));
    }
  }

  @Test
  void snapshotsHaveTheNamesThatTheyAreAskedForBy() throws IOException {
    String name = "stanford-crfm/alias-gpt2-small-x21";
    assertEquals(Optional.of(name), HubCache.name(snapshot));
    Path step = model.resolve("snapshots/" + STEP);
    assertEquals(Optional.of(name + "@refs/pr/1"), HubCache.name(step));
    assertEquals(List.of(name + "@refs/pr/1", name + "@step3000"), HubCache.names(step));
    // The last step of a training is often that of the main branch too.
    Files.writeString(model.resolve("refs/main"), STEP);
    assertEquals(List.of(name, name + "@refs/pr/1", name + "@step3000"), HubCache.names(step));
    Files.writeString(model.resolve("refs/main"), COMMIT);
    Files.delete(model.resolve("refs/refs/pr/1"));
    assertEquals(Optional.of(name + "@step3000"), HubCache.name(step));
    Files.delete(model.resolve("refs/step3000"));
    assertEquals(Optional.of(name + "@89abcdef0123"), HubCache.name(step));
    assertEquals(Optional.empty(), HubCache.name(model));
    assertEquals(Optional.empty(), HubCache.name(Path.of("/")));
    assertEquals(Optional.empty(), HubCache.name(TestFiles.family()));
  }

  @Test
  void environmentNamesTheCache() {
    Path home = Path.of(System.getProperty("user.home"));
    assertEquals(home.resolve(".cache/huggingface/hub"), HubCache.of(Map.of()).path());
    assertEquals(Path.of("/x/huggingface/hub"), HubCache.of(Map.of("XDG_CACHE_HOME", "/x")).path());
    assertEquals(
        Path.of("/h/hub"),
        HubCache.of(Map.of("HF_HOME", "/h", "XDG_CACHE_HOME", "/x", "HF_HUB_CACHE", "")).path());
    assertEquals(Path.of("/c"), HubCache.of(Map.of("HF_HUB_CACHE", "/c", "HF_HOME", "/h")).path());
  }

  @Test
  void existingFolderWins() {
    assertEquals(Optional.empty(), HubCache.parse(snapshot.toString()));
    assertEquals(Optional.empty(), HubCache.parse(TestFiles.family().toString()));
    assertEquals(Optional.empty(), HubCache.parse("./no/such/folder"));
    assertEquals(Optional.of(new HubCache.Name("a/b", "main")), HubCache.parse("a/b"));
    assertEquals(Optional.of(new HubCache.Name("a/b", "c/d")), HubCache.parse("a/b@c/d"));
  }

  /** Since version 2 of huggingface_hub equal files of all models lie in one marked folder. */
  @Test
  void blobsOfAllModelsAreFollowedWhereTheFolderIsMarked() throws IOException {
    String hash = "ab".repeat(32);
    Path shared = Files.createDirectories(folder.resolve("hub/blobs/ab"));
    Files.move(model.resolve("blobs/bb"), shared.resolve(hash));
    Files.createSymbolicLink(model.resolve("blobs/bb"), Path.of("../../blobs/ab/" + hash));
    assertThrows(InputException.class, () -> HuggingFaceCheckpoint.open(snapshot).close());
    Files.writeString(folder.resolve("hub/blobs/.huggingface-shared-blobs"), "1\n");
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(snapshot)) {
      assertEquals(16, checkpoint.names().size());
    }
  }

  @Test
  void whatIsNotInTheCacheIsRefusedWithARemedy() {
    assertRefused(
        "EleutherAI/pythia-160m@step1: no such folder, and no such model in the cache "
            + folder.resolve("hub")
            + "; fetch it first: homolog download EleutherAI/pythia-160m@step1",
        () -> cache.snapshot("EleutherAI/pythia-160m@step1"));
    assertRefused(
        "stanford-crfm/alias-gpt2-small-x21@step9: revision step9 is not in the cache "
            + model
            + ", which has main, refs/pr/1, step3000;"
            + " fetch it first: homolog download stanford-crfm/alias-gpt2-small-x21@step9",
        () -> cache.snapshot("stanford-crfm/alias-gpt2-small-x21@step9"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret",
        "stanford-crfm/..",
        "stanford-crfm/alias-gpt2-small-x21@../../../secret",
        "stanford-crfm/alias-gpt2-small-x21@a/../../snapshots",
        "stanford-crfm/alias-gpt2-small-x21@/etc",
        "stanford-crfm/alias-gpt2-small-x21@",
        "stanford-crfm/alias-gpt2-small-x21@refs//pr",
        "a/b/c",
        ""
      })
  void namesThatArePathsAreRefused(String name) {
    assertThrows(InputException.class, () -> cache.snapshot(name));
  }

  @Test
  void referencesThatAreNoHashAreRefused() throws IOException {
    String name = "stanford-crfm/alias-gpt2-small-x21";
    write(model.resolve("refs/main"), "../../../x".getBytes(StandardCharsets.UTF_8));
    assertRefused(
        model.resolve("refs/main")
            + ": holds \"../../../x\", expected a commit hash; remove it and fetch "
            + name
            + " again",
        () -> cache.snapshot(name));
    Path outside = write(folder.resolve("outside"), COMMIT.getBytes(StandardCharsets.UTF_8));
    Files.delete(model.resolve("refs/main"));
    Files.createSymbolicLink(model.resolve("refs/main"), outside);
    assertThrows(InputException.class, () -> cache.snapshot(name));
  }

  @Test
  void snapshotElsewhereIsRefused() throws IOException {
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Files.delete(model.resolve("snapshots/" + STEP));
    Files.createSymbolicLink(model.resolve("snapshots/" + STEP), elsewhere);
    InputException e =
        assertThrows(
            InputException.class,
            () -> cache.snapshot("stanford-crfm/alias-gpt2-small-x21@step3000"));
    assertTrue(e.problem().startsWith("its snapshot is a link to " + elsewhere), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "pytorch_model.bin"})
  void linkOutOfTheModelIsRefused(String name) throws IOException {
    Path other = Files.createDirectories(folder.resolve("hub/models--other--one/blobs"));
    Files.copy(
        model.resolve("blobs").resolve(name.equals("config.json") ? "aa" : "bb"),
        other.resolve("x"));
    Files.delete(snapshot.resolve(name));
    link(name, "../../../models--other--one/blobs/x");
    assertRefused(
        snapshot
            + ": "
            + name
            + ": is a link to "
            + other.resolve("x")
            + ", outside the folder;"
            + " put the file itself there, or give the folder that it lies in, or --follow-links if"
            + " you trust its links",
        () -> HuggingFaceCheckpoint.open(snapshot).close());
    Files.delete(other.resolve("x"));
    assertRefused(
        snapshot
            + ": "
            + name
            + ": is a link to ../../../models--other--one/blobs/x, which is not there;"
            + " the download may be incomplete: fetch the model again",
        () -> HuggingFaceCheckpoint.open(snapshot).close());
  }

  /** Blobs belong to the layout of the cache; the same two steps up in any other folder do not. */
  @Test
  void blobsAreReachedFromTheCacheOnly() throws IOException {
    Path plain = Files.createDirectories(folder.resolve("plain/snapshots/a"));
    Files.createDirectories(folder.resolve("plain/blobs"));
    Files.copy(model.resolve("blobs/aa"), folder.resolve("plain/blobs/aa"));
    Files.createSymbolicLink(plain.resolve("config.json"), Path.of("../../blobs/aa"));
    InputException e =
        assertThrows(InputException.class, () -> HuggingFaceCheckpoint.open(plain).close());
    assertTrue(e.problem().endsWith("outside the folder"), e.getMessage());
  }
}
