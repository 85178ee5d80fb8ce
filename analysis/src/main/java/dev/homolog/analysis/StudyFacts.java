package dev.homolog.analysis;

import dev.homolog.analysis.correlation.SumMemory;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.tokens.Share;
import dev.homolog.core.tokens.TokenTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a study ran on, for its manifest.
 *
 * @param models the reference first
 * @param tokens the text
 * @param backend one line: kernels, threads, precision
 * @param precision working type and that of the sums
 * @param phases seconds and tokens of each part
 * @param plan what was expected of it
 * @param batchRows rows of tokens a batch
 */
public record StudyFacts(
    List<ModelFacts> models,
    TokenFacts tokens,
    String backend,
    String precision,
    List<PhaseFacts> phases,
    Plan plan,
    int batchRows) {

  /** A model, its shape and the hashes of its files. */
  public record ModelFacts(
      String name,
      String path,
      int layers,
      int dMlp,
      int dModel,
      int vocabSize,
      Map<String, String> sha256) {

    static ModelFacts of(ActivationStream.Model model) {
      var config = model.checkpoint().config();
      return new ModelFacts(
          model.name(),
          model.checkpoint().location(),
          config.layers(),
          config.dMlp(),
          config.dModel(),
          config.vocabSize(),
          new LinkedHashMap<>(model.checkpoint().hashes()));
    }

    /** Number of neurons. */
    public int neurons() {
      return layers * dMlp;
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
      List<String> subsets,
      String sha256,
      long pilot) {

    static TokenFacts of(TokenTable table, long pilot) {
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
          table.subsets(),
          table.sha256(),
          pilot);
    }
  }

  /** Seconds of a part, and positions a second where it reads any. */
  public record PhaseFacts(String name, double seconds, long tokens, double tokensPerSecond) {
    static List<PhaseFacts> of(Phases phases) {
      return phases.done().stream()
          .map(p -> new PhaseFacts(p.name(), p.seconds(), p.tokens(), p.tokens() / p.seconds()))
          .toList();
    }
  }

  static List<PhaseFacts> phases(Phases phases) {
    return phases.done().stream()
        .map(p -> new PhaseFacts(p.name(), p.seconds(), p.tokens(), p.tokens() / p.seconds()))
        .toList();
  }

  /** Of a phase that may have been gone through several times, once a pass. */
  public double secondsAToken(String phase) {
    double seconds = 0;
    long tokens = 0;
    for (PhaseFacts part : phases) {
      if (part.name().equals(phase)) {
        seconds += part.seconds();
        tokens += part.tokens();
      }
    }
    return seconds / tokens;
  }

  /** In a few words, with the sums of products where several models are compared. */
  private static String precision(Kernels kernels, StudyInputs inputs, long batchRows) {
    long batch = batchRows * inputs.table().context();
    boolean single = SumMemory.type(kernels, inputs.table().tokens(), batch) == DType.F32;
    return inputs.models().size() > 1 && single
        ? kernels.precision() + ", those of products fp32"
        : kernels.precision();
  }

  static StudyFacts of(
      Kernels kernels, StudyInputs inputs, Study.Compared compared, Phases phases) {
    List<ModelFacts> models = inputs.models().stream().map(ModelFacts::of).toList();
    TokenFacts tokens = TokenFacts.of(inputs.table(), compared.pilotTokens());
    return new StudyFacts(
        models,
        tokens,
        kernels.description(),
        precision(kernels, inputs, compared.batchRows()),
        phases(phases),
        compared.plan(),
        compared.batchRows());
  }
}
