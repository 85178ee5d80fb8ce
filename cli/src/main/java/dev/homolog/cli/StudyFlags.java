package dev.homolog.cli;

import dev.homolog.analysis.Baseline;
import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.TokenInput;
import dev.homolog.core.HomologException;
import dev.homolog.core.checkpoint.HubCache;
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
      paramLabel = "MODEL",
      description =
          "the model whose neurons are judged: its Hugging Face folder, or org/name[@revision]"
              + " of one in the local cache")
  private String reference;

  @Option(
      names = "--other",
      required = true,
      arity = "1..*",
      paramLabel = "MODEL",
      description = "the models it is compared with")
  private List<String> others = new ArrayList<>();

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
      description = "excess above which a neuron is universal (default: ${DEFAULT-VALUE})")
  private double threshold = 0.5;

  StudyOptions options(RunFlags run, boolean closeUp) {
    TokenInput input = new TokenInput(text, tokens, run.context(), run.maxTokens());
    List<Path> compared = others.stream().map(HubCache::folder).toList();
    return StudyOptions.of(HubCache.folder(reference), compared, input)
        .withBatchRows(run.batch())
        .withBaseline(baseline())
        .withTop(top)
        .withThreshold(threshold)
        .withSeed(run.seed())
        .withCloseUp(closeUp);
  }

  private Baseline baseline() {
    return switch (baseline.toLowerCase(Locale.ROOT)) {
      case "rotation" -> new Baseline(Baseline.Kind.ROTATION, draws == null ? 1 : draws, rotation);
      case "none" -> {
        if (draws != null || rotation != null) {
          throw new HomologException(
              "--baseline none: has no draws and no rotation; leave out --baseline-draws and"
                  + " --rotation");
        }
        yield Baseline.none();
      }
      default ->
          throw new HomologException(
              "--baseline: no baseline is called " + baseline + "; known: rotation, none");
    };
  }
}
