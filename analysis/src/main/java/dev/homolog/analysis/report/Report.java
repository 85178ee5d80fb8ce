package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.InputException;
import dev.homolog.core.model.NeuronId;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Writes {@code report.html} into the folder of a finished run. It is one page with the table of
 * all neurons and full cards of some, and needs no network. It reads the run folder alone. For
 * tables that are absent the page says what is missing. A page of 36,864 neurons and 3,000 cards
 * stays below 10 MB.
 */
public final class Report {
  /** The name of the file. */
  public static final String FILE = "report.html";

  private static final String REMEDY = "restore the file or run the study again";

  private Report() {}

  /**
   * Writes it, with cards for the neurons of the run's close-up: 3,000 at most, the best first.
   *
   * @return the file
   * @throws dev.homolog.core.InputException a table is malformed
   * @throws dev.homolog.core.HomologException it cannot be written; the file is not there, or as it
   *     was
   */
  public static Path write(RunFolder run) {
    return checked(
        run,
        () -> {
          try (RunTables tables = new RunTables(run)) {
            Reference reference = Reference.read(tables);
            return write(run, reference, tables, Chosen.best(reference, tables));
          }
        });
  }

  /**
   * Writes it, with cards for these neurons.
   *
   * @param neurons 3,000 at most
   * @throws dev.homolog.core.InputException as above, and where there are too many or the reference
   *     has no such neuron
   */
  public static Path write(RunFolder run, List<NeuronId> neurons) {
    return checked(
        run,
        () -> {
          try (RunTables tables = new RunTables(run)) {
            Reference reference = Reference.read(tables);
            return write(run, reference, tables, Chosen.named(reference, neurons));
          }
        });
  }

  private static Path checked(RunFolder run, Supplier<Path> writing) {
    try {
      return writing.get();
    } catch (MalformedTable e) {
      throw new InputException(run.file(e.table()).toString(), e.column(), e.problem(), REMEDY, e);
    }
  }

  private static Path write(RunFolder run, Reference reference, RunTables tables, Chosen chosen) {
    JsonNode study = StudyFile.read(run);
    Counterparts counterparts = Counterparts.read(reference, tables);
    Map<String, String> parts = new LinkedHashMap<>();
    Overview overview = new Overview(study, reference, tables, counterparts, chosen);
    parts.put("overview", Packed.of(overview::write));
    CardTables read = new CardTables(reference, tables, chosen.set());
    String model = study.path("models").path(0).path("name").asText();
    Cards cards = Cards.read(read, model, counterparts.names(), chosen);
    for (int block = 0; block < cards.blocks(); block++) {
      parts.put("cards-" + block, Packed.of(cards.block(block)));
    }
    return run.writeText(FILE, Page.of(parts));
  }
}
