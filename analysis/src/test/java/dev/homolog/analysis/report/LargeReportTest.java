package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A page of 36,864 neurons and 3,000 cards, of random numbers, which compress worse than real ones.
 * Prints how long it takes to write and to open; no time is asserted.
 */
class LargeReportTest {
  @TempDir Path folder;

  @Test
  void staysBelowTenMegabytes() throws Exception {
    PlantedRun planted = PlantedRun.large();
    RunFolder run = planted.everything(folder.resolve("run"), TableFormat.PARQUET);
    long start = System.nanoTime();
    Path page = Report.write(run);
    double written = (System.nanoTime() - start) / 1e9;
    long size = Files.size(page);
    System.out.printf(
        "report of %,d neurons, %,d cards: %.2f MB, written in %.1f s%n",
        planted.count(), planted.chosen(), size / 1e6, written);
    assertTrue(size < 10_000_000, "page of " + size + " bytes");
    try (Chromium chromium = Chromium.start()) {
      for (String address : new String[] {"", "#L3.N117", "#L11.N249"}) {
        chromium.open(page, address);
        System.out.printf(
            "  opened %s: drawn %s ms after navigation%n",
            address,
            chromium.ask("return Math.round(performance.getEntriesByName('drawn')[0].startTime)"));
      }
      assertEquals("Neuron L11.249", chromium.find("#neuron-name").getText());
      chromium.find("#search").sendKeys("L7.3000");
      assertEquals(1, chromium.all("#neuron-table tbody tr").size());
      chromium.assertQuiet();
    }
  }
}
