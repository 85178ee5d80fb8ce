package dev.homolog.cli;

import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.core.memory.DType;
import dev.homolog.core.npy.NpyFile;
import dev.homolog.core.tokens.Share;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * What is refused, in which words. Two good models and a text, and one thing wrong in each case.
 */
final class Refusals {

  /** Token ids of the good text; the first is BOS. */
  private static final int[][] IDS = {{0, 5, 6, 7}, {0, 8, 9, 10}};

  final Path folder;
  final Path a;
  final Path b;
  final Path text;
  final Path tokens;
  private final List<Case> cases = new ArrayList<>();

  /**
   * One thing that is refused.
   *
   * @param arguments of the command
   * @param options the same for the library, which may throw already when they are made; null where
   *     there is no such thing
   * @param code exit code of the command
   * @param help whether the line goes on with where to find help, as for a wrong command line
   */
  record Case(
      String name,
      List<String> arguments,
      Supplier<StudyOptions> options,
      int code,
      boolean help,
      String where,
      String field,
      String problem,
      String remedy) {

    /** What the command prints after its own name. */
    String line() {
      return where
          + ": "
          + (field.isEmpty() ? "" : field + ": ")
          + problem
          + (remedy.isEmpty() ? "" : "; " + remedy)
          + (help ? "; see homolog correlate --help" : "");
    }

    @Override
    public String toString() {
      return name;
    }
  }

  Refusals(Path folder) throws IOException {
    this.folder = folder;
    this.a = Cli.model(folder.resolve("a"), 5, 1);
    this.b = Cli.model(folder.resolve("b"), 5, 2);
    this.text = Cli.text(folder.resolve("text.txt"));
    this.tokens = Cli.tokens(folder.resolve("tokens.npy"), IDS);
    new DamagedModels(this).add();
    tokenIds();
    texts();
    options();
    inputs();
    shares();
    new WrongFlags(this).add();
  }

  List<Case> all() {
    return cases;
  }

  /** A run without anything wrong, but for where it goes. */
  List<String> soundRun() {
    return Cli.join(
        Cli.join(List.of("correlate", "--backend", "vector"), good()), "--max-tokens", "64");
  }

  /** Where no run may be left. */
  Path out() {
    return folder.resolve("refused/run");
  }

  // Text and tokens

  private void tokenIds() {
    npy(
        "token id beyond the vocabulary",
        new int[][] {{0, 5}, {0, 4096}},
        "row 1, position 1",
        "token id 4096 is not in the model's vocabulary of 4096",
        "use the tokenizer that belongs to the model");
    npy(
        "negative token id",
        new int[][] {{0, 5}, {0, -1}},
        "row 1, position 1",
        "token id -1 is not in the model's vocabulary of 4096",
        "use the tokenizer that belongs to the model");
    npy(
        "row without BOS",
        new int[][] {{0, 5, 6}, {8, 9, 10}},
        "row 1",
        "begins with 8, not with BOS, which is 0",
        "put BOS in front of every row");
    npy(
        "rows longer than the model's context",
        new int[2][33],
        "",
        "33 tokens a row, but " + a + " has 32 positions",
        "give at most 32");
    npy(
        "only BOS",
        new int[2][4],
        "",
        "0 tokens are kept of 8",
        "give text that is more than line breaks and separators");
    npy(
        "two tokens, on which every r is 1 or -1",
        new int[][] {{0, 5}, {0, 6}},
        "",
        "2 tokens are kept of 4",
        "give text that is more than line breaks and separators");
    Path floats = folder.resolve("floats.npy");
    try (Arena arena = Arena.ofConfined()) {
      NpyFile.write(floats, DType.F32, List.of(2L, 4L), arena.allocate(32));
    }
    input(
        "tokens that are no integers",
        TokenInput.tokens(floats),
        floats + "",
        "",
        "elements are F32, not token ids",
        "give int32 or int64");
    Path absent = folder.resolve("absent.npy");
    input(
        "missing tokens",
        TokenInput.tokens(absent),
        absent + "",
        "",
        "no such file",
        "give the path of a .npy file");
  }

  private void texts() throws IOException {
    Path small = Cli.model(folder.resolve("small"), 5, 4, 4000);
    Path wicked = Files.writeString(folder.resolve("wicked.txt"), "The cat\n is wicked");
    add(
        "token of the text beyond a model's vocabulary",
        Cli.join(pair(small), "--text", wicked + "", "--context", "4"),
        () -> options(small, TokenInput.text(wicked).withContext(4)),
        1,
        false,
        wicked + "",
        "line 1",
        "token id 4094 (\" wicked\") is not in the model's vocabulary of 4000",
        "use the tokenizer that belongs to the model");
    Path missing = folder.resolve("missing.txt");
    input(
        "missing text",
        TokenInput.text(missing),
        missing + "",
        "",
        "no such file",
        "check the path given to --text");
    Path kind = Files.writeString(folder.resolve("text.csv"), "text");
    input(
        "text of an unknown kind",
        TokenInput.text(kind),
        kind + "",
        "",
        "not a kind of text that is known",
        "give .txt, .json, .jsonl or .ndjson, each plain or with .gz or .zst behind, or .parquet");
    Path broken = Files.writeString(folder.resolve("broken.jsonl"), "{\"text\": \"a\"}\n{}\n");
    input(
        "line without text",
        TokenInput.text(broken),
        broken + "",
        "line 2",
        "no \"text\"",
        "give one object a line, as {\"text\": \"…\"}");
    Path tiny = Files.writeString(folder.resolve("tiny.txt"), "Hello");
    input(
        "text too short for a row",
        TokenInput.text(tiny),
        tiny + "",
        "",
        "3 tokens do not fill one row of 31",
        "lower --context or give more text");
  }

  /** Shares of the text, files named twice, caches of tokens. */
  private void shares() throws IOException {
    TokenInput good = TokenInput.text(text);
    option(
        "--share",
        "1.5",
        () -> options(b, good.withShare(Share.of(1.5, false))),
        "1.5",
        "give a number between 0 and 1");
    option(
        "--share",
        "1",
        () -> options(b, good.withShare(Share.of(1, false))),
        "1.0",
        "give a number between 0 and 1");
    add(
        "a share of tokens",
        Cli.join(pair(b), "--tokens", tokens + "", "--share", "0.5"),
        () -> options(b, TokenInput.tokens(tokens).withShare(Share.of(0.5, true))),
        2,
        true,
        "--share",
        "",
        "documents are chosen by their text, and --tokens has none",
        "give --text");
    option(
        "--text",
        folder + "/../" + folder.getFileName() + "/text.txt",
        () ->
            options(
                b,
                TokenInput.text(text, folder.resolve("../" + folder.getFileName() + "/text.txt"))),
        folder + "/../" + folder.getFileName() + "/text.txt is given twice",
        "leave one out");
    Path cache = Cli.tokens(folder.resolve("cache.npy"), IDS);
    Path names = folder.resolve("cache.npy.json");
    Files.writeString(names, "{\"tokenizer\": \"0123\"}");
    input(
        "a cache of another tokenizer",
        TokenInput.tokens(cache),
        cache + "",
        "",
        "made with another tokenizer than " + a + "/tokenizer.json",
        "tokenize the text again with homolog tokenize --model " + a);
    Path damaged = Cli.tokens(folder.resolve("damaged.npy"), IDS);
    Files.writeString(folder.resolve("damaged.npy.json"), "{");
    input(
        "a damaged cache",
        TokenInput.tokens(damaged),
        damaged + ".json",
        "",
        "is not JSON",
        "write the cache again with homolog tokenize");
  }

  private void npy(String name, int[][] rows, String field, String problem, String remedy) {
    Path file = Cli.tokens(folder.resolve(name.replace(' ', '-') + ".npy"), rows);
    input(name, TokenInput.tokens(file), file + "", field, problem, remedy);
  }

  private void input(
      String name, TokenInput input, String where, String field, String problem, String remedy) {
    boolean npy = input.tokens() != null;
    String file = npy ? input.tokens() + "" : input.text().getFirst() + "";
    add(
        name,
        Cli.join(pair(b), npy ? "--tokens" : "--text", file),
        () -> options(b, input),
        1,
        false,
        where,
        field,
        problem,
        remedy);
  }

  // Options: wrong for the command and for the library alike

  private void options() {
    TokenInput good = TokenInput.text(text);
    Supplier<StudyOptions> plain = () -> options(b, good);
    option("--batch", "0", () -> plain.get().withBatchRows(0), "0", "give at least 1");
    option("--top", "-3", () -> plain.get().withTop(-3), "-3", "give at least 1");
    option(
        "--threshold",
        "NaN",
        () -> plain.get().withThreshold(Double.NaN),
        "NaN",
        "give a number in [-2, 2]");
    option("--context", "1", () -> options(b, good.withContext(1)), "1", "give at least 2");
    option("--max-tokens", "0", () -> options(b, good.withMaxTokens(0)), "0", "give at least 1");
    option(
        "--baseline-draws",
        "0",
        () -> plain.get().withBaseline(Baseline.rotation(0)),
        "0",
        "give at least 1");
    comparisons(plain);
    add(
        "a rotation of another shape",
        Cli.join(good(), "--rotation", tokens + ""),
        () -> plain.get().withBaseline(Baseline.rotation(tokens)),
        1,
        false,
        tokens + "",
        "",
        "I32 [2, 4] is no rotation of model b",
        "give float16, float32 or float64 [2, 5, 5]");
  }

  private void inputs() {
    TokenInput good = TokenInput.text(text);
    add(
        "context longer than the model's",
        Cli.join(good(), "--context", "33"),
        () -> options(b, good.withContext(33)),
        2,
        false,
        "--context",
        "",
        "33 tokens a row, but " + a + " has 32 positions",
        "give at most 32");
    add(
        "fewer tokens than a row",
        Cli.join(good(), "--max-tokens", "31"),
        () -> options(b, good.withMaxTokens(31)),
        2,
        false,
        "--max-tokens",
        "",
        "31 is less than one row of 32 positions",
        "raise it or lower --context");
    add(
        "context other than that of the tokens",
        Cli.join(pair(b), "--tokens", tokens + "", "--context", "5"),
        () -> options(b, TokenInput.tokens(tokens).withContext(5)),
        2,
        false,
        "--context",
        "",
        "5, but " + tokens + " has rows of 4",
        "leave --context out");
    add(
        "a model twice",
        Cli.join(good(), "--other", b + "/../b"),
        () -> StudyOptions.of(a, List.of(b, Path.of(b + "/../b")), good),
        2,
        true,
        "--other",
        "",
        b + "/../b is given twice",
        "leave one out");
    add(
        "no input",
        pair(b),
        () ->
            options(
                b,
                new TokenInput(
                    List.of(), null, OptionalInt.empty(), OptionalLong.empty(), Share.ALL)),
        2,
        true,
        "--text, --tokens",
        "",
        "neither is given",
        "give one of the two");
  }

  private void option(
      String flag, String value, Supplier<StudyOptions> made, String problem, String remedy) {
    add(
        flag + " " + value,
        Cli.join(good(), flag, value),
        made,
        2,
        true,
        flag,
        "",
        problem,
        remedy);
  }

  /** Similarities, baselines and memory. */
  private void comparisons(Supplier<StudyOptions> plain) {
    option(
        "sets have no rotation",
        () -> plain.get().withSimilarity(Similarity.JACCARD),
        "--baseline",
        "sets of tokens, which --similarity jaccard compares, have no rotation",
        "give --baseline permutation or none",
        "--similarity",
        "jaccard",
        "--baseline",
        "rotation");
    option(
        "draws of the Gaussian law",
        () -> plain.get().withBaseline(new Baseline(Baseline.Kind.GAUSSIAN, 2, null)),
        "--baseline-draws",
        "--baseline gaussian has no use for it",
        "leave one of the two out",
        "--baseline",
        "gaussian",
        "--baseline-draws",
        "2");
    option(
        "all pairs of two models",
        () -> plain.get().withAllPairs(true),
        "--all-pairs",
        "there is only one other model",
        "leave it out",
        "--all-pairs");
    option(
        "permuted subsets",
        () -> plain.get().withBaseline(Baseline.permutation(1)).withBySubset(true),
        "--by-subset",
        "a batch holds too few tokens of a subset to permute",
        "give --baseline rotation, gaussian or none",
        "--baseline",
        "permutation",
        "--by-subset");
    add(
        "too few tokens to permute",
        Cli.join(pair(b), "--tokens", tokens + "", "--baseline", "permutation"),
        () -> options(b, TokenInput.tokens(tokens)).withBaseline(Baseline.permutation(1)),
        2,
        false,
        "--baseline",
        "",
        "tokens are permuted within batches, and one holds only 6 kept tokens",
        "give text and --batch for at least 4096");
    late(
        "text without subsets",
        () -> plain.get().withBySubset(true),
        "--by-subset",
        "no document of the text has a subset",
        "give .jsonl with meta.pile_set_name, or leave it out",
        "--by-subset");
  }

  private void option(
      String name,
      Supplier<StudyOptions> options,
      String where,
      String problem,
      String remedy,
      String... flags) {
    add(name, Cli.join(good(), flags), options, 2, true, where, "", problem, remedy);
  }

  /** Refused when the text has been read. */
  private void late(
      String name,
      Supplier<StudyOptions> options,
      String where,
      String problem,
      String remedy,
      String... flags) {
    add(name, Cli.join(good(), flags), options, 2, false, where, "", problem, remedy);
  }

  // Parts of cases

  List<String> pair(Path other) {
    return List.of("--reference", a + "", "--other", other + "");
  }

  List<String> good() {
    return Cli.join(pair(b), "--text", text + "");
  }

  StudyOptions options(Path other, TokenInput input) {
    return StudyOptions.of(a, List.of(other), input).withExtent(StudyOptions.Extent.CORRELATIONS);
  }

  void add(
      String name,
      List<String> arguments,
      Supplier<StudyOptions> options,
      int code,
      boolean help,
      String where,
      String field,
      String problem,
      String remedy) {
    List<String> all = new ArrayList<>(List.of("correlate", "--out", out() + ""));
    all.addAll(arguments);
    if (!all.contains("--backend")) {
      all.addAll(List.of("--backend", "vector"));
    }
    cases.add(new Case(name, all, options, code, help, where, field, problem, remedy));
  }
}
