package dev.homolog.analysis.report;

import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pages of planted runs, opened in a Chromium of the test class's own; after each test its console
 * must be empty.
 */
abstract class ReportPages {
  static final PlantedRun PLANTED = PlantedRun.small();

  @TempDir private static Path folder;
  static Chromium chromium;
  static Path full;
  static Path bare;
  private static Path weights;
  static Table neurons;

  @BeforeAll
  static void start() {
    chromium = Chromium.start();
    var run = PLANTED.everything(folder.resolve("full"), TableFormat.PARQUET);
    neurons = run.read("neurons");
    full = Report.write(run);
    bare = Report.write(PLANTED.correlations(folder.resolve("bare"), TableFormat.CSV));
    weights = Report.write(PLANTED.weights(folder.resolve("weights"), TableFormat.PARQUET));
  }

  @AfterAll
  static void stop() {
    if (chromium != null) {
      chromium.close();
    }
  }

  @BeforeEach
  void usual() {
    chromium.width(1280);
    chromium.media("screen", "light");
  }

  @AfterEach
  void quiet() {
    chromium.assertQuiet();
  }

  static Path page(String name) {
    return Map.of("full", full, "bare", bare, "weights", weights).get(name);
  }
}
