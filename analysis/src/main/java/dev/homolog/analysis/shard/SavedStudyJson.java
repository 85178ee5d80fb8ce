package dev.homolog.analysis.shard;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.correlation.Comparison;
import dev.homolog.analysis.correlation.Method;
import dev.homolog.analysis.correlation.Similarity;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.core.InputException;
import dev.homolog.core.model.Processing;
import dev.homolog.core.tokens.Share;
import dev.homolog.core.tokens.TextFields;
import dev.homolog.core.tokens.TokenType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** The options of a study as JSON, and back. Paths in it are absolute. */
final class SavedStudyJson {
  private static final Set<String> NAMES =
      Set.of(
          "everything",
          "reference",
          "other",
          "text",
          "tokens",
          "context",
          "max_tokens",
          "share",
          "held_out",
          "text_column",
          "subset_key",
          "dtype",
          "similarity",
          "top",
          "threshold",
          "all_pairs",
          "by_subset",
          "allow_equal",
          "method",
          "sketch_size",
          "baseline",
          "baseline_draws",
          "rotation",
          "batch",
          "seed",
          "processing",
          "roles");

  private SavedStudyJson() {}

  /** As maps, lists, texts and numbers. */
  static Map<String, Object> write(SavedStudy study) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("everything", study.everything());
    json.put("reference", absolute(study.reference()));
    json.put("other", absolute(study.others()));
    input(study.input(), json);
    Comparison comparison = study.comparison();
    json.put("similarity", comparison.similarity().toString());
    json.put("top", comparison.top());
    json.put("threshold", comparison.threshold());
    json.put("all_pairs", comparison.allPairs());
    json.put("by_subset", comparison.bySubset());
    json.put("allow_equal", comparison.allowEqual());
    json.put("method", comparison.method().kind().toString());
    json.put("sketch_size", comparison.method().size());
    json.put("baseline", study.baseline().kind().toString());
    json.put("baseline_draws", study.baseline().draws());
    if (study.baseline().rotation() != null) {
      json.put("rotation", absolute(study.baseline().rotation()));
    }
    study.batchRows().ifPresent(rows -> json.put("batch", rows));
    json.put("seed", study.seed());
    json.put("processing", study.processing().toString());
    json.put("roles", study.roles());
    return json;
  }

  private static void input(TokenInput input, Map<String, Object> json) {
    json.put("text", absolute(input.text()));
    if (input.tokens() != null) {
      json.put("tokens", absolute(input.tokens()));
    }
    input.context().ifPresent(context -> json.put("context", context));
    input.maxTokens().ifPresent(most -> json.put("max_tokens", most));
    json.put("share", input.share().part());
    json.put("held_out", input.share().heldOut());
    json.put("text_column", input.fields().text());
    input.fields().subset().ifPresent(key -> json.put("subset_key", key));
    input.dtype().ifPresent(type -> json.put("dtype", type.toString()));
  }

  private static List<String> absolute(List<Path> paths) {
    return paths.stream().map(SavedStudyJson::absolute).toList();
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().toString();
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws InputException a field is missing, unknown, or of another type, or has a value that no
   *     command line could give
   */
  static SavedStudy read(JsonFields json) {
    json.requireOnly(NAMES);
    try {
      return new SavedStudy(
          json.path("reference"),
          json.paths("other"),
          input(json),
          new Comparison(
              Similarity.parse(json.text("similarity")),
              json.number("top"),
              json.real("threshold"),
              json.bool("all_pairs"),
              json.bool("by_subset"),
              json.bool("allow_equal"),
              new Method(Method.Kind.parse(json.text("method")), json.number("sketch_size"))),
          new Baseline(
              Baseline.Kind.parse(json.text("baseline")),
              json.number("baseline_draws"),
              json.optionalPath("rotation").orElse(null)),
          json.has("batch") ? OptionalInt.of(json.number("batch")) : OptionalInt.empty(),
          json.whole("seed"),
          json.bool("everything"),
          Processing.parse(json.text("processing")),
          json.bool("roles"));
    } catch (InputException e) {
      if (e.options().isEmpty()) {
        throw e;
      }
      throw json.refused(
          "", e.where() + ": " + e.problem()); // an option that the command would refuse, too
    }
  }

  private static TokenInput input(JsonFields json) {
    Optional<String> subset = json.optionalText("subset_key");
    Optional<String> dtype = json.optionalText("dtype");
    return new TokenInput(
        json.paths("text"),
        json.optionalPath("tokens").orElse(null),
        json.has("context") ? OptionalInt.of(json.number("context")) : OptionalInt.empty(),
        json.has("max_tokens") ? OptionalLong.of(json.whole("max_tokens")) : OptionalLong.empty(),
        new Share(json.real("share"), json.bool("held_out")),
        new TextFields(json.text("text_column"), subset),
        dtype.map(TokenType::parse));
  }
}
