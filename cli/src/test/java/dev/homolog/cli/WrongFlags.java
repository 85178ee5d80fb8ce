package dev.homolog.cli;

/** What only the command has: flags that are unknown, no number, or in the way of another. */
final class WrongFlags {
  private final Refusals with;

  WrongFlags(Refusals with) {
    this.with = with;
  }

  void add() {
    values();
    texts();
    resources();
    baselines();
    methods();
  }

  private void values() {
    wrong("unknown flag", "--nope", "1", "Unknown option", "'--nope'");
    wrong(
        "no whole number",
        "--batch",
        "x",
        "Invalid value for option '--batch'",
        "'x' is not an int");
    wrong(
        "a fraction",
        "--max-tokens",
        "1.5",
        "Invalid value for option '--max-tokens'",
        "'1.5' is not a long");
    wrong(
        "no number",
        "--threshold",
        "x",
        "Invalid value for option '--threshold'",
        "'x' is not a double");
    wrong(
        "unknown backend",
        "--backend",
        "gpu",
        "--backend",
        "no backend is called gpu; known: auto, cuda, torch, vector, scalar");
    wrong(
        "unknown baseline",
        "--baseline",
        "xyz",
        "--baseline",
        "no baseline is called xyz; known: rotation, gaussian, permutation, none");
    wrong(
        "unknown similarity",
        "--similarity",
        "xyz",
        "--similarity",
        "no similarity is called xyz; known: pearson, cosine, jaccard");
    wrong(
        "memory in words",
        "--memory",
        "much",
        "--memory",
        "much is no number of bytes; give one such as 8g or 800m");
    wrong(
        "unknown format",
        "--format",
        "xml",
        "--format",
        "there is no format xml; choose one of parquet, csv");
    wrong(
        "unknown precision",
        "--precision",
        "fp8",
        "--precision",
        "no precision is called fp8; known: fp32, bf16");
  }

  private void texts() {
    String pattern = with.folder + "/nothing*.jsonl";
    String matches = "matches no file; check the pattern given to --text";
    wrong("a pattern without a match", "--text", pattern, pattern, matches);
    String folders = with.folder + "/no/such/*/folder/*.txt";
    wrong("a pattern in no folder", "--text", folders, folders, matches);
    String open = with.folder + "/[a.txt";
    wrong(
        "no pattern",
        "--text",
        open,
        open,
        "is no pattern of file names; check the pattern given to --text");
    wrong(
        "no share",
        "--share",
        "half",
        "Invalid value for option '--share'",
        "'half' is not a double");
    unused(
        "held out of the whole",
        "--held-out",
        "there is no share to hold out; add --share",
        "--held-out");
    unused(
        "text and tokens",
        "--text, --tokens",
        "both are given; give one of the two",
        "--tokens",
        with.tokens + "");
  }

  private void resources() {
    wrong("no threads", "--threads", "0", "--threads", "0; give at least 1");
    unused(
        "threads of scalar",
        "--threads",
        "the backend scalar has one thread; leave it out",
        "--threads",
        "2",
        "--backend",
        "scalar");
    unused(
        "libtorch of vector",
        "--libtorch",
        "the backend vector has no use for it; leave it out",
        "--libtorch",
        with.folder + "",
        "--backend",
        "vector");
    unused(
        "bf16 without a GPU",
        "--precision",
        "bf16 needs a GPU, and the backend is vector; leave it out, or give --backend cuda",
        "--precision",
        "bf16",
        "--backend",
        "vector");
  }

  private void baselines() {
    String none = "--baseline none has no use for it; leave one of the two out";
    unused("threshold of none", "--threshold", none, "--threshold", "0.4", "--baseline", "none");
    unused(
        "draws of none", "--baseline-draws", none, "--baseline-draws", "1", "--baseline", "none");
    unused(
        "one draw of the Gaussian law",
        "--baseline-draws",
        "--baseline gaussian has no use for it; leave one of the two out",
        "--baseline",
        "gaussian",
        "--baseline-draws",
        "1");
    unused(
        "rotation of none",
        "--rotation",
        none,
        "--rotation",
        with.tokens + "",
        "--baseline",
        "none");
    unused(
        "draws beside a rotation",
        "--rotation",
        "goes with --baseline rotation and one draw; leave out --baseline-draws",
        "--rotation",
        with.tokens + "",
        "--baseline-draws",
        "2");
  }

  private void methods() {
    wrong(
        "unknown method",
        "--method",
        "auto",
        "--method",
        "no method is called auto; known: exact, sketch");
    unused(
        "size of no sketch",
        "--sketch-size",
        "--method exact has no use for it; give --method sketch, or leave it out",
        "--sketch-size",
        "1024");
    unused(
        "a small sketch",
        "--sketch-size",
        "255; give at least 256",
        "--method",
        "sketch",
        "--sketch-size",
        "255");
    unused(
        "sketch of sets",
        "--method",
        "a sketch does not estimate --similarity jaccard; give --method exact",
        "--method",
        "sketch",
        "--similarity",
        "jaccard");
    unused(
        "sketch of subsets",
        "--method",
        "a sketch is of the whole text, and --by-subset asks for parts of it;"
            + " leave one of the two out",
        "--method",
        "sketch",
        "--by-subset");
    unused(
        "sketch of permuted tokens",
        "--baseline",
        "a sketch does not keep the tokens that permutation needs;"
            + " give --baseline rotation, gaussian or none, or --method exact",
        "--method",
        "sketch",
        "--baseline",
        "permutation");
  }

  /** Where a flag stands in the way of another. */
  private void unused(String name, String where, String problem, String... flags) {
    with.add(name, Cli.join(with.good(), flags), null, 2, true, where, "", problem, "");
  }

  private void wrong(String name, String flag, String value, String where, String problem) {
    with.add(name, Cli.join(with.good(), flag, value), null, 2, true, where, "", problem, "");
  }
}
