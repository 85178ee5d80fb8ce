package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Method;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.passes.Saving;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.shard.Shard;
import dev.homolog.analysis.shard.ShardFile;
import dev.homolog.analysis.shard.ShardResult;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.PieceFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.analysis.table.Tables;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study that is read in shards, in whatever number and order, finds what a whole one finds. */
class ShardsTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));

  /** What is promised of correlations. */
  private static final double ROUNDING = 1e-6;

  @TempDir private static Path models;
  private static Path a;
  private static Path b;
  private static Path c;
  private static Kernels kernels;

  @TempDir Path folder;

  @BeforeAll
  static void open() throws IOException {
    a = RandomModels.write(models.resolve("a"), 20, 1);
    b = RandomModels.write(models.resolve("b"), 18, 2);
    c = RandomModels.write(models.resolve("c"), 21, 3);
    kernels = Backend.VECTOR.open(2).kernels();
  }

  @AfterAll
  static void close() {
    kernels.close();
  }

  private static StudyOptions options(int rows, int batch, Path... others) {
    TokenInput text =
        TokenInput.text(FAMILY.resolve("validation.jsonl.zst")).withMaxTokens(32L * rows);
    return StudyOptions.of(a, List.of(others), text).withBatchRows(batch).withTop(3);
  }

  /** Everything that a study can measure beside rotations, in two passes. */
  @Test
  void shardsOfAWholeStudyAreTheWhole() throws IOException {
    // convergence looks after batches 1, 2, 3, 7 and 14 of 14; shards end after even ones
    StudyOptions options = options(28, 2, b, c).withAllPairs(true).withBySubset(true);
    Path whole = whole(options, 20);
    Path merged = merged(options, 20, 7);
    assertEqualTables(whole, merged);
    assertEquals(5, Table.read(whole.resolve("convergence.csv")).rows());
    assertEquals(40, Table.read(whole.resolve("neurons.csv")).rows());
    assertTrue(
        Files.readString(merged.resolve("study.json")).contains("\"joined_from_shards\" : 7"));
  }

  /** Three passes, two draws of the baseline, and cosines, which have sums of their own. */
  @Test
  void anyNumberInAnyOrderIsTheWhole() throws IOException {
    StudyOptions options =
        options(30, 4, b, c)
            .withSimilarity(Similarity.COSINE)
            .withBaseline(Baseline.rotation(2))
            .withBySubset(true)
            .withExtent(StudyOptions.Extent.CORRELATIONS);
    Path whole = whole(options, 15);
    for (int shards : new int[] {1, 2, 7}) {
      assertEqualTables(whole, merged(options, 15, shards));
    }
  }

  @Test
  void permutedTokensAreThoseOfTheWhole() throws IOException {
    StudyOptions options =
        options(300, 150, b) // so that enough tokens are permuted
            .withBaseline(Baseline.permutation(2))
            .withSimilarity(Similarity.JACCARD)
            .withExtent(StudyOptions.Extent.CORRELATIONS);
    assertEqualTables(whole(options, 40), merged(options, 40, 2));
  }

  /** Buckets follow from seed and place in the text, whichever shard reads it. */
  @Test
  void sketchesOfShardsAddUp() throws IOException {
    StudyOptions options =
        options(28, 2, b, c)
            .withMethod(Method.sketch(400))
            .withAllPairs(true)
            .withSimilarity(Similarity.COSINE);
    assertEqualTables(whole(options, 40), merged(options, 40, 3));
  }

  private Path whole(StudyOptions options, int rowsAPass) {
    Path out = folder.resolve("whole");
    try (Study study = Study.open(options).withRowsAPass(rowsAPass);
        RunFolder run = RunFolder.create(out)) {
      StudyResult result = study.run(kernels, RunListener.NONE);
      assertEquals(Math.ceilDiv(40, rowsAPass), result.facts().plan().passes());
      result.write(run, TableFormat.CSV);
    }
    return out;
  }

  private Path merged(StudyOptions options, int rowsAPass, int shards) {
    List<Path> folders = new ArrayList<>();
    long tokens = 0;
    for (int i = 1; i <= shards; i++) {
      Path out = folder.resolve(i + "-of-" + shards);
      tokens += shard(options, rowsAPass, new Shard(i, shards), out).tokens();
      folders.add(out);
    }
    assertEquals(options.input().maxTokens().getAsLong(), tokens);
    Collections.shuffle(folders, new Random(shards));
    Path out = folder.resolve("merged" + shards);
    try (RunFolder run = RunFolder.create(out)) {
      Study.merge(folders, Resources.OF_THE_MACHINE, kernels, RunListener.NONE)
          .write(run, TableFormat.CSV);
    }
    return out;
  }

  private static ShardResult shard(StudyOptions options, int rowsAPass, Shard shard, Path out) {
    try (RunFolder run = RunFolder.create(out);
        OpenStudy<ShardResult> study =
            Study.open(options).withRowsAPass(rowsAPass).ofShard(shard, run.state())) {
      ShardResult result = study.run(kernels, RunListener.NONE);
      result.write(run);
      return result;
    }
  }

  private static void assertEqualTables(Path whole, Path merged) throws IOException {
    assertEquals(tables(whole), tables(merged));
    for (String name : tables(whole)) {
      Table expected = Table.read(whole.resolve(name));
      Table actual = Table.read(merged.resolve(name));
      Optional<String> score =
          switch (expected.name()) {
            case "matches" -> Optional.of("correlation");
            case "explanations" -> Optional.of("variance_explained");
            default -> Optional.empty();
          };
      Tables.assertClose(expected, actual, ROUNDING, score);
    }
  }

  // ---- a shard that is stopped ----

  private static StudyOptions quick(int batch, Path... others) {
    return options(24, batch, others)
        .withBaseline(Baseline.gaussian())
        .withExtent(StudyOptions.Extent.CORRELATIONS);
  }

  /** It is stopped in its third piece of four. The two before it are not read again. */
  @Test
  void aStoppedShardGoesOn() throws IOException {
    StudyOptions options = options(24, 4, b);
    Shard all = new Shard(1, 1);
    Path whole = folder.resolve("not-stopped");
    assertEquals(0, shard(options, 40, all, whole).found());
    TreeMap<String, byte[]> expected = pieces(whole);
    assertEquals(2 * 4, expected.size()); // ends at 10, 20, 50 and 100 %

    Path out = folder.resolve("stopped");
    AtomicReference<OpenStudy<ShardResult>> study = new AtomicReference<>();
    boolean[] stopped = new boolean[2];
    RunListener listener =
        (phase, done, total) -> {
          if (phase.equals("activations") && done == total / 2 && !stopped[0]) {
            stopped[0] = true;
            stopped[1] = study.get().stop(Duration.ZERO); // this thread cannot answer it
          }
        };
    try (RunFolder run = RunFolder.create(out)) {
      study.set(Study.open(options).ofShard(all, run.state()));
      HomologException e =
          assertThrows(HomologException.class, () -> study.get().run(kernels, listener));
      assertEquals("stopped, and its state saved; go on with --resume", e.getMessage());
      study.get().close();
    }
    assertTrue(stopped[0] && !stopped[1]);
    int saved = pieces(out).size() / 2;
    assertEquals(2, saved);
    assertTrue(RunFolder.hasState(out));

    Files.writeString(out.resolve("state/.homolog-left.tmp"), "half");
    try (RunFolder run = RunFolder.resume(out).orElseThrow()) {
      ShardResult result = Study.shard(options, all, run, kernels, RunListener.NONE);
      assertEquals(List.of(saved, 4 - saved), List.of(result.found(), result.read()));
    }
    TreeMap<String, byte[]> actual = pieces(out);
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
    assertFalse(RunFolder.hasState(out));
  }

  private static TreeMap<String, byte[]> pieces(Path shard) throws IOException {
    TreeMap<String, byte[]> pieces = new TreeMap<>();
    try (var files = Files.newDirectoryStream(shard.resolve("state"), "piece-*")) {
      for (Path file : files) {
        pieces.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return pieces;
  }

  // ---- what is refused ----

  private void refused(String message, Path... shards) {
    InputException e =
        assertThrows(
            InputException.class,
            () ->
                Study.merge(List.of(shards), Resources.OF_THE_MACHINE, kernels, RunListener.NONE));
    assertEquals(message, e.getMessage());
  }

  private Path of(String name, StudyOptions options, int number, int of) {
    Path out = folder.resolve(name);
    shard(options, 40, new Shard(number, of), out);
    return out;
  }

  @Test
  void shardsThatDoNotGoTogetherAreNamed() throws IOException {
    Path one = of("one", quick(4, b), 1, 3);
    Path two = of("two", quick(4, b), 2, 3);
    Path three = of("three", quick(4, b), 3, 3);
    Path again = of("again", quick(4, b), 2, 3);
    Path half = of("half", quick(4, b), 2, 2);
    Path seed = of("seed", quick(4, b).withSeed(7), 3, 3);
    Path model = of("model", quick(4, c), 3, 3);
    Path passes = folder.resolve("passes");
    shard(quick(4, b), 20, new Shard(3, 3), passes);
    String remedy = "; name the shards of one study";
    refused(
        again + ": is shard 2/3, and so is " + two + "; leave one of the two out",
        three,
        two,
        again,
        one);
    refused(
        one + ": shard 2 of 3 is missing beside it; name the folders of all shards", three, one);
    refused(half + ": is shard 2/2, and " + one + " is shard 1/3" + remedy, one, half, three);
    refused(
        seed + ": is of another study than " + one + ": --seed was 0 and is 7" + remedy,
        one,
        seed,
        two);
    InputException other =
        assertThrows(
            InputException.class,
            () ->
                Study.merge(
                    List.of(one, two, model), Resources.OF_THE_MACHINE, kernels, RunListener.NONE));
    assertEquals(model + "", other.where());
    assertTrue(other.problem().contains("c: config.json was not given and is "), other.problem());
    refused(
        passes
            + ": has 20 neurons a pass, and "
            + one
            + " has 40; read it anew with the same --memory",
        one,
        two,
        passes);
    Path none = Files.createDirectory(folder.resolve("none"));
    refused(
        none + ": holds no shard of a study; name the folder of a finished shard", none, two, one);
    Files.delete(two.resolve("shard.json"));
    refused(
        two + ": holds a shard that is not finished; go on with its command and --resume",
        one,
        two,
        three);
  }

  @Test
  void damagedPiecesAreNamed() throws IOException {
    Path one = of("first", quick(4, b), 1, 2);
    Path two = of("second", quick(4, b), 2, 2);
    Path data = two.resolve("state/piece-0-384.safetensors"); // the first has 3 batches of 128
    String remedy = "; remove " + two + " and read shard 2/2 anew";
    byte[] whole = Files.readAllBytes(data);
    byte[] damaged = whole.clone();
    damaged[damaged.length / 2] ^= 4;
    Files.write(data, damaged);
    refused(data + ": is damaged: it is not what its .json says" + remedy, one, two);
    Files.delete(data);
    refused(data + ": is missing" + remedy, one, two);
    // a sound piece of the other shard is none of this one
    Files.copy(one.resolve("state/piece-0-0.safetensors"), data);
    Path manifest = two.resolve("state/piece-0-384.json");
    byte[] own = Files.readAllBytes(manifest);
    Files.copy(one.resolve("state/piece-0-0.json"), manifest, StandardCopyOption.REPLACE_EXISTING);
    refused(data + ": is damaged: it is not what its .json says" + remedy, one, two);
    Files.write(data, whole);
    Files.write(manifest, own);
    StudyResult joined = // with all as it was
        Study.merge(List.of(two, one), Resources.OF_THE_MACHINE, kernels, RunListener.NONE);
    assertEquals(40, joined.moments().size());
  }

  /** Sums about other means and scales do not add up, whoever wrote them. */
  @Test
  void otherMeansAndScalesAreNamed() {
    Path one = of("first", quick(4, b), 1, 2);
    Path two = of("second", quick(4, b), 2, 2);
    PieceFolder.Place place = new PieceFolder.Place(0, 40, 384, 768);
    PieceFolder pieces = new PieceFolder(two.resolve("state"), "");
    Identity identity = pieceIdentity(two);
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Tensor> numbers = new TreeMap<>();
      try (PieceFolder.Piece piece = pieces.open(place)) {
        piece
            .numbers()
            .tensors()
            .forEach((name, tensor) -> numbers.put(name, kernels.fromHost(arena, tensor)));
        Tensor mean = numbers.get("pilots.post.mean");
        mean.set(0, 3, mean.get(0, 3) + 1e-3);
        pieces.write(kernels, identity, place, state -> state.put(numbers));
      }
    }
    refused(
        two.resolve("state/piece-0-384.safetensors")
            + ": pilots: other means and scales than in "
            + one.resolve("state/piece-0-0.safetensors")
            + "; remove "
            + two
            + " and read shard 2/2 anew",
        one,
        two);
  }

  private static Identity pieceIdentity(Path shard) {
    ShardFile file = ShardFile.read(shard);
    return Identity.of(file.identity().facts())
        .put("neurons a pass", file.rowsAPass())
        .put("--shard", file.shard());
  }

  @Test
  void changedTextIsNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("t.txt"), "The cat saw 12 dogs. ".repeat(300));
    TokenInput input = TokenInput.text(text).withMaxTokens(32 * 24);
    StudyOptions q = quick(4, b);
    StudyOptions options =
        new StudyOptions(
            q.reference(),
            q.others(),
            input,
            q.comparison(),
            q.baseline(),
            q.resources(),
            q.seed(),
            q.scope());
    Path one = of("all", options, 1, 1);
    Files.writeString(text, "The dog saw 12 cats. ".repeat(300));
    InputException e =
        assertThrows(
            InputException.class,
            () -> Study.merge(List.of(one), Resources.OF_THE_MACHINE, kernels, RunListener.NONE));
    assertEquals(one + "", e.where());
    assertTrue(e.problem().startsWith("is of another run: the text was "), e.problem());
    assertEquals(
        "restore models and text, name backend and precision of the shards, or read all anew",
        e.remedy());
  }

  /** Their ids are the same, and the sums of a subset are not. */
  @Test
  void changedLabelsAreNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("t.jsonl"), labelled("one"));
    TokenInput input = TokenInput.text(text).withMaxTokens(32 * 24);
    StudyOptions options = StudyOptions.of(a, List.of(b), input).withBatchRows(4);
    Path one = of("all", options.withExtent(StudyOptions.Extent.CORRELATIONS), 1, 1);
    Files.writeString(text, labelled("two"));
    InputException e =
        assertThrows(
            InputException.class,
            () -> Study.merge(List.of(one), Resources.OF_THE_MACHINE, kernels, RunListener.NONE));
    String problem = "is of another run: documents and their labels was ";
    assertTrue(e.problem().startsWith(problem), e.problem());
  }

  private static String labelled(String label) {
    String line = "{\"text\": \"The cat saw 12 dogs. The dogs saw it.\", \"subset\": \"L\"}\n";
    return line.replace("L", label).repeat(100);
  }

  @Test
  void aLinkInPlaceOfSumsIsNotFollowed() throws IOException {
    Path one = of("one", quick(4, b), 1, 1);
    Path state = one.resolve("state");
    Path elsewhere = Files.move(state, folder.resolve("elsewhere"));
    Files.createSymbolicLink(state, elsewhere);
    InputException e =
        assertThrows(
            InputException.class,
            () -> Study.merge(List.of(one), Resources.OF_THE_MACHINE, kernels, RunListener.NONE));
    assertTrue(e.problem().startsWith("is damaged"), e::toString);
  }

  @Test
  void stateOfAnotherKindIsRefused() {
    Path out = folder.resolve("out");
    StudyOptions options = quick(4, b);
    of("out", options, 1, 2);
    Path state = out.resolve("state");
    InputException checkpoint =
        assertThrows(
            InputException.class,
            () -> {
              try (Study study =
                  Study.open(options).savingTo(new Saving(state, Duration.ofDays(1)))) {
                study.run(kernels, RunListener.NONE);
              }
            });
    assertEquals(
        state + ": holds the state of a shard; give --shard as before, or choose another --out",
        checkpoint.getMessage());
    InputException shard =
        assertThrows(
            InputException.class,
            () -> {
              try (OpenStudy<ShardResult> study =
                  Study.open(options).ofShard(new Shard(2, 2), state)) {
                study.run(kernels, RunListener.NONE);
              }
            });
    assertTrue(
        shard
            .getMessage()
            .endsWith("is of another run: --shard was 1/2 and is 2/2; choose another --out"),
        shard.getMessage());
  }

  @Test
  void aShardNeedsABatch() {
    InputException e = assertThrows(InputException.class, () -> of("few", quick(4, b), 1, 7));
    assertEquals(
        "--shard: the text has 6 batches, fewer than 7 shards; make at most 6 shards, or lower"
            + " --batch",
        e.getMessage());
    assertFalse(Files.exists(folder.resolve("few")));
  }

  private static Set<String> tables(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run)) {
      Set<String> names = new HashSet<>();
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".csv"))
          .forEach(names::add);
      return names;
    }
  }
}
