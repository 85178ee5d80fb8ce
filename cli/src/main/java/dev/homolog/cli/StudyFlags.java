package dev.homolog.cli;

import dev.homolog.analysis.Baseline;
import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.TokenInput;
import dev.homolog.core.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/** The flags of a study: models, INPUT and STUDY. */
final class StudyFlags {
  @Option(
      names = "--reference",
      required = true,
      paramLabel = "DIR",
      description = "Hugging Face folder of the model whose neurons are judged")
  private Path reference;

  @Option(
      names = "--other",
      required = true,
      arity = "1..*",
      paramLabel = "DIR",
      description = "folders of the models it is compared with")
  private List<Path> others = new ArrayList<>();

  @Option(
      names = "--text",
      arity = "1..*",
      paramLabel = "FILE",
      description = "text: .txt, .jsonl, .jsonl.gz or .jsonl.zst")
  private List<Path> text = new ArrayList<>();

  @Option(
      names = "--tokens",
      paramLabel = "FILE.npy",
      description = "token ids instead of text: int32 or int64 [rows, context], BOS first")
  private Path tokens;

  @Option(
      names = "--baseline",
      paramLabel = "NAME",
      description = "rotation or none (default: ${DEFAULT-VALUE})")
  private String baseline = "rotation";

  @Option(
      names = "--baseline-draws",
      paramLabel = "N",
      description = "random rotations a layer, whose mean counts (default: 1)")
  private Integer draws;

  @Option(
      names = "--rotation",
      paramLabel = "FILE.npy",
      description = "matrices [layers, m, m] in place of random ones")
  private Path rotation;

  @Option(
      names = "--top",
      paramLabel = "N",
      description = "matches kept at each end, a neuron and model (default: ${DEFAULT-VALUE})")
  private int top = 50;

  @Option(
      names = "--threshold",
      paramLabel = "R",
      description = "excess above which a neuron is universal (default: 0.5)")
  private Double threshold;

  StudyOptions options(RunFlags run, boolean closeUp) {
    TokenInput input = new TokenInput(text, tokens, run.context(), run.maxTokens());
    return StudyOptions.of(reference, others, input)
        .withBatchRows(run.batch())
        .withBaseline(baseline())
        .withTop(top)
        .withThreshold(threshold == null ? 0.5 : threshold)
        .withSeed(run.seed())
        .withCloseUp(closeUp);
  }

  private Baseline baseline() {
    return switch (baseline.toLowerCase(Locale.ROOT)) {
      case "rotation" -> new Baseline(Baseline.Kind.ROTATION, draws == null ? 1 : draws, rotation);
      case "none" -> {
        if (draws != null || rotation != null || threshold != null) {
          String flag =
              draws != null ? "--baseline-draws" : rotation != null ? "--rotation" : "--threshold";
          throw new InputException(
              flag, "", "--baseline none has no use for it", "leave one of the two out");
        }
        yield Baseline.none();
      }
      default ->
          throw new InputException(
              "--baseline", "", "no baseline is called " + baseline, "known: rotation, none");
    };
  }
}
