package dev.homolog.analysis.run;

import dev.homolog.analysis.measure.Phase;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.plan.Plan;
import dev.homolog.core.Brief;
import dev.homolog.core.checkpoint.ModelNotes;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.tokens.Share;
import dev.homolog.core.tokens.TokenTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a run ran on, for its {@code study.json}.
 *
 * @param models the reference first, or the one model
 * @param tokens the text; {@link TokenFacts#NONE} where none was read
 * @param backend one line: kernels, threads, precision
 * @param precision working type and that of the sums
 * @param phases seconds and tokens of each part
 * @param plan what was expected of it
 * @param batchRows rows of tokens a batch; 0 where no text was read
 * @param resumedFrom positions that an earlier run had read, where this one went on from it
 * @param shards how many it was joined from, where the text was read in shards
 */
public record RunFacts(
    List<ModelFacts> models,
    TokenFacts tokens,
    String backend,
    String precision,
    List<PhaseFacts> phases,
    Plan plan,
    int batchRows,
    OptionalLong resumedFrom,
    OptionalInt shards) {

  /** Of a run that reads its text at once, if it reads any. */
  public RunFacts(
      List<ModelFacts> models,
      TokenFacts tokens,
      String backend,
      String precision,
      List<PhaseFacts> phases,
      Plan plan,
      int batchRows) {
    this(
        models,
        tokens,
        backend,
        precision,
        phases,
        plan,
        batchRows,
        OptionalLong.empty(),
        OptionalInt.empty());
  }

  /**
   * A model, its shape and the hashes of its files.
   *
   * @param role "reference" and "other" in a study, "model" where there is one
   * @param notes what of its files was left out or read in another way than they say
   */
  public record ModelFacts(
      String role,
      String name,
      String path,
      int layers,
      int dMlp,
      int dModel,
      int vocabSize,
      Map<String, String> sha256,
      ModelNotes notes) {

    /** Hashes the files, where that is not done yet. */
    public static ModelFacts of(String role, ActivationStream.Model model) {
      var config = model.checkpoint().config();
      return new ModelFacts(
          role,
          model.name(),
          model.checkpoint().location(),
          config.layers(),
          config.dMlp(),
          config.dModel(),
          config.vocabSize(),
          new LinkedHashMap<>(model.checkpoint().hashes()),
          model.checkpoint().notes());
    }

    /** Number of neurons. */
    public int neurons() {
      return layers * dMlp;
    }

    @Override
    public String toString() {
      return Brief.of("ModelFacts")
          .with("role", role)
          .with("name", name)
          .with("path", path)
          .with("layers", layers)
          .with("dMlp", dMlp)
          .with("dModel", dModel)
          .with("vocabSize", vocabSize)
          .with("sha256", sha256)
          .toString();
    }
  }

  /**
   * Positions read, BOS included.
   *
   * @param kept that count in correlations
   * @param droppedTail tokens at the end that did not fill a row
   * @param replacedCharacters malformed parts of the text
   * @param share which documents of the text were read
   * @param leftOut documents that were not, as far as the text was read
   * @param unlabelled documents that name no subset, of those that could
   * @param subsetsDropped whether they named so many that none counts
   * @param pilot positions read beforehand, to standardise by
   */
  public record TokenFacts(
      long rows,
      int context,
      long read,
      long kept,
      long droppedTail,
      long replacedCharacters,
      long documents,
      Share share,
      long leftOut,
      long unlabelled,
      boolean subsetsDropped,
      List<String> subsets,
      String sha256,
      long pilot) {

    /** Of a run that reads no text. */
    public static final TokenFacts NONE =
        new TokenFacts(0, 0, 0, 0, 0, 0, 0, Share.ALL, 0, 0, false, List.of(), "", 0);

    /**
     * Of a text.
     *
     * @param pilot positions read beforehand, to standardise by
     */
    public static TokenFacts of(TokenTable table, long pilot) {
      return new TokenFacts(
          table.rows(),
          table.context(),
          table.tokens(),
          table.kept(),
          table.droppedTail(),
          table.replacedCharacters(),
          table.documents(),
          table.share(),
          table.leftOut(),
          table.unlabelled(),
          table.subsetsDropped(),
          table.subsets(),
          table.sha256(),
          pilot);
    }

    @Override
    public String toString() {
      return Brief.of("TokenFacts")
          .with("rows", rows)
          .with("context", context)
          .with("read", read)
          .with("kept", kept)
          .with("droppedTail", droppedTail)
          .with("replacedCharacters", replacedCharacters)
          .with("documents", documents)
          .with("share", share)
          .with("leftOut", leftOut)
          .with("subsets", subsets)
          .with("sha256", sha256)
          .with("pilot", pilot)
          .toString();
    }
  }

  /** Seconds of a part, and positions a second where it reads any. */
  public record PhaseFacts(Phase phase, double seconds, long tokens, double tokensPerSecond) {
    public static List<PhaseFacts> of(Phases phases) {
      return phases.done().stream()
          .map(p -> new PhaseFacts(p.phase(), p.seconds(), p.tokens(), p.tokens() / p.seconds()))
          .toList();
    }
  }

  /** Of a phase that may have been gone through several times, once a pass. */
  public double secondsAToken(Phase phase) {
    double seconds = 0;
    long tokens = 0;
    for (PhaseFacts part : phases) {
      if (part.phase() == phase) {
        seconds += part.seconds();
        tokens += part.tokens();
      }
    }
    return seconds / tokens;
  }

  /** Wall-clock seconds of all phases. */
  public double seconds() {
    return phases.stream().mapToDouble(PhaseFacts::seconds).sum();
  }

  @Override
  public String toString() {
    return Brief.of("RunFacts")
        .with("models", models)
        .with("tokens", tokens)
        .with("backend", backend)
        .with("precision", precision)
        .with("phases", phases)
        .with("plan", plan)
        .with("batchRows", batchRows)
        .with("resumedFrom", resumedFrom)
        .with("shards", shards)
        .toString();
  }
}
