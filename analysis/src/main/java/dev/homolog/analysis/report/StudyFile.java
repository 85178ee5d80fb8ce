package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.file.JsonFile;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.InputException;
import java.nio.file.Path;

/** What {@code study.json} must be for the page to be drawn in a moment. */
final class StudyFile {
  /** The most models that a page shows: each gets a map, a row and a column of its own. */
  static final int MOST_MODELS = 1000;

  /** The most layers of a model that a page shows. */
  static final int MOST_LAYERS = 1000;

  /** A threshold that any difference of two correlations can have. */
  private static final double MOST_THRESHOLD = 2;

  private static final String REMEDY = "restore the file or run the study again";

  private StudyFile() {}

  /**
   * Reads it.
   *
   * @throws InputException it is no JSON object, or holds what no run writes
   */
  static JsonNode read(RunFolder run) {
    Path file = run.json("study");
    JsonNode study = JsonFile.read(file);
    require(study.isObject(), file, "", "is not a JSON object");
    JsonNode models = study.path("models");
    require(models.isMissingNode() || models.isArray(), file, "models", "is not a list");
    require(
        models.size() <= MOST_MODELS,
        file,
        "models",
        models.size() + " models, and a page shows at most " + MOST_MODELS);
    for (JsonNode model : models) {
      JsonNode layers = model.path("layers");
      require(
          layers.isMissingNode()
              || (layers.isInt() && layers.intValue() >= 0 && layers.intValue() <= MOST_LAYERS),
          file,
          "models.layers",
          "is not a number from 0 to " + MOST_LAYERS);
    }
    JsonNode threshold = study.path("options").path("threshold");
    require(
        threshold.isMissingNode()
            || threshold.isNull()
            || (threshold.isNumber() && Math.abs(threshold.asDouble()) <= MOST_THRESHOLD),
        file,
        "options.threshold",
        "is not a number in [-2, 2]");
    return study;
  }

  private static void require(boolean holds, Path file, String field, String problem) {
    if (!holds) {
      throw new InputException(file, field, problem, REMEDY);
    }
  }
}
