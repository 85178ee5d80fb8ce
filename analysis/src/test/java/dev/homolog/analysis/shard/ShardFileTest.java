package dev.homolog.analysis.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Comparison;
import dev.homolog.analysis.correlation.Method;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.core.InputException;
import dev.homolog.core.model.Processing;
import dev.homolog.core.tokens.Share;
import dev.homolog.core.tokens.TextFields;
import dev.homolog.core.tokens.TokenType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a shard keeps of its study comes back; what no shard has written is refused in a line. */
class ShardFileTest {
  private static final String REMEDY = "; restore the file, or read this shard anew";

  @TempDir Path folder;

  private SavedStudy text() {
    return new SavedStudy(
        folder.resolve("a"),
        List.of(folder.resolve("b"), folder.resolve("c ü")),
        new TokenInput(
            List.of(folder.resolve("x.jsonl"), folder.resolve("y.jsonl.zst")),
            null,
            OptionalInt.of(64),
            OptionalLong.of(5_000_000_000L),
            Share.of(0.3, true),
            new TextFields("body", Optional.of("meta.lang")),
            Optional.empty()),
        new Comparison(Similarity.COSINE, 7, 0.1 + 0.2, true, false, true, Method.sketch(777)),
        Baseline.rotation(folder.resolve("r.npy")),
        OptionalInt.of(12),
        Long.MIN_VALUE,
        true,
        Processing.RAW,
        true);
  }

  private SavedStudy ids() {
    TokenInput input = TokenInput.tokens(folder.resolve("t.bin"));
    return new SavedStudy(
        folder.resolve("a"),
        List.of(folder.resolve("b")),
        input.withContext(64).withDtype(TokenType.UINT16),
        Comparison.PUBLISHED,
        Baseline.permutation(3),
        OptionalInt.empty(),
        0,
        false,
        Processing.FOLDED,
        false);
  }

  private Path write(SavedStudy study) {
    Path out = folder.resolve("run");
    Identity identity = new Identity().put("--seed", 5).put("the text", "abc");
    try (RunFolder run = RunFolder.create(out)) {
      run.finishShard(new ShardFile(out, new Shard(2, 3), 40, identity, study).asMap());
    }
    return out;
  }

  @Test
  void everyOptionComesBack() throws IOException {
    for (SavedStudy study : List.of(text(), ids())) {
      Path out = write(study);
      ShardFile read = ShardFile.read(out);
      assertEquals(study, read.study());
      assertEquals(new Shard(2, 3), read.shard());
      assertEquals(40, read.rowsAPass());
      assertEquals(List.of("--seed", "the text"), List.copyOf(read.identity().facts().keySet()));
      Files.delete(out.resolve("shard.json"));
    }
  }

  @Test
  void relativePathsAreMadeAbsolute() {
    SavedStudy s = ids();
    Path out =
        write(
            new SavedStudy(
                Path.of("a"),
                List.of(Path.of("b")),
                s.input(),
                s.comparison(),
                s.baseline(),
                s.batchRows(),
                s.seed(),
                s.everything(),
                s.processing(),
                s.roles()));
    assertEquals(Path.of("a").toAbsolutePath(), ShardFile.read(out).study().reference());
  }

  /** One field is another in each case. */
  @Test
  void whatNoShardWritesIsRefused() throws IOException {
    Path file = write(text()).resolve("shard.json");
    String good = Files.readString(file);
    String b = folder.resolve("b") + "";
    String[][] cases = {
      {"\"format\" : 1", "\"format\" : 2", "format: is not 1"},
      {"\"shard\" : 2", "\"shard\" : 4", "shard: 4 of 3 is none"},
      {"\"of\" : 3", "\"of\" : 1000000", "shard: 2 of 1000000 is none"},
      {"\"of\" : 3", "\"of\" : 3.5", "of: is no whole number of 32 bits"},
      {"\"rows_a_pass\" : 40", "\"rows_a_pass\" : 0", "rows_a_pass: is below 1"},
      {"\"study\" : {", "\"study\" : {\"libtorch\" : \"/x\",", "study.libtorch: is not known"},
      {
        "\"study\" : {", "\"study\" : {\"follow_links\" : true,", "study.follow_links: is not known"
      },
      {"\"" + b + "\"", "\"b\"", "study.other: is no absolute path"},
      {"\"" + b + "\"", "\"/b\\u0000\"", "study.other: is no absolute path"},
      {"\"" + b + "\"", "7", "study.other: is no text of at most 65536 characters"},
      {"\"top\" : 7", "\"top\" : 0", "study: --top: 0"},
      {"\"top\" : 7", "\"top\" : 99999999999", "study.top: is no whole number of 32 bits"},
      {"\"top\" : 7,", "", "study.top: is no whole number of 32 bits"},
      {"\"cosine\"", "\"sine\"", "study: --similarity: no similarity is called sine"},
      {"\"all_pairs\" : true", "\"all_pairs\" : 1", "study.all_pairs: is neither true nor false"},
      {"\"batch\" : 12", "\"batch\" : \"12\"", "study.batch: is no whole number of 32 bits"},
      {"\"--seed\" : \"5\"", "\"--seed\" : 5", "identity.--seed: is no text of at most 65536"},
      {"\"identity\" : {", "\"identity\" : [], \"x\" : {", "identity: is no object"},
    };
    for (String[] wrong : cases) {
      assertTrue(good.contains(wrong[0]), wrong[0]);
      Files.writeString(file, good.replace(wrong[0], wrong[1]));
      InputException e =
          assertThrows(InputException.class, () -> ShardFile.read(file.getParent()), wrong[1]);
      assertTrue(e.getMessage().startsWith(file + ": " + wrong[2]), e.getMessage());
      assertTrue(e.getMessage().endsWith(REMEDY), e.getMessage());
    }
    Files.writeString(file, "[]");
    InputException list =
        assertThrows(InputException.class, () -> ShardFile.read(file.getParent()));
    assertEquals(file + ": is no object" + REMEDY, list.getMessage());
  }

  /** The folder is a finished shard for all that take run folders. */
  @Test
  void aShardIsNoRun() {
    Path out = write(ids());
    assertTrue(RunFolder.isShard(out));
    assertEquals(
        out + ": already holds a shard of a run; choose another --out",
        assertThrows(InputException.class, () -> RunFolder.create(out).close()).getMessage());
    assertEquals(
        out + ": holds one shard of a study, and no tables; join all its shards with homolog merge",
        assertThrows(InputException.class, () -> RunFolder.open(out).close()).getMessage());
  }

  /** A link could lead to a file of somebody else. */
  @Test
  void aLinkIsNoShard() throws IOException {
    Path out = write(ids());
    Path other = Files.move(out.resolve("shard.json"), folder.resolve("other.json"));
    Files.createSymbolicLink(out.resolve("shard.json"), other);
    assertEquals(
        out + ": holds no shard of a study; name the folder of a finished shard",
        assertThrows(InputException.class, () -> ShardFile.read(out)).getMessage());
  }
}
