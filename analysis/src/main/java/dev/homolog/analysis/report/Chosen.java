package dev.homolog.analysis.report;

import dev.homolog.analysis.closeup.ExampleColumns;
import dev.homolog.analysis.explanation.ExplanationColumns;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.RowFilter;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableSpec;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.model.NeuronId;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The neurons that get a full card.
 *
 * @param ids flat ids, in the order of the cards
 */
record Chosen(int[] ids) {
  /** Most cards of a page, so that it stays below 10 MB. */
  static final int MOST = 3000;

  private static final int WITHOUT_TABLES = 1000;

  /** Tables of the neurons of a run's close-up; the first that exists decides. */
  private static final List<TableSpec> TABLES =
      List.of(ExampleColumns.EXAMPLES, ExplanationColumns.TOKENS);

  /**
   * The neurons of a name each.
   *
   * @throws InputException there are too many, or the reference has no such neuron
   */
  static Chosen named(Reference reference, List<NeuronId> names) {
    if (names.size() > MOST) {
      throw new InputException(
          InputOption.NEURONS, names.size() + " neurons are too many", "name at most " + MOST);
    }
    return new Chosen(
        names.stream().mapToInt(name -> checked(reference, name)).distinct().toArray());
  }

  private static int checked(Reference reference, NeuronId name) {
    int id = reference.id(name.layer(), name.neuron());
    if (id < 0) {
      throw new InputException(
          InputOption.NEURONS,
          name.plain() + " is not in the reference",
          "its layers are 0 to "
              + (reference.layers() - 1)
              + (", its neurons 0 to " + (reference.width() - 1)));
    }
    return id;
  }

  /** Those of the run's close-up, else the best; the best first. */
  static Chosen best(Reference reference, RunTables tables) {
    BitSet close = new BitSet();
    TABLES.stream()
        .flatMap(table ->
            tables
                .read(table, RowFilter.ALL.between("rank", 1, 1), List.of("layer", "neuron"))
                .stream())
        .findFirst()
        .ifPresent(table -> mark(reference, table, close));
    double[] score = score(reference);
    IntStream ids = close.isEmpty() ? IntStream.range(0, reference.count()) : close.stream();
    return new Chosen(
        ids.boxed()
            .sorted(
                Comparator.<Integer>comparingDouble(id -> Double.isNaN(score[id]) ? 2 : -score[id])
                    .thenComparing(Comparator.naturalOrder()))
            .limit(close.isEmpty() ? WITHOUT_TABLES : MOST)
            .mapToInt(Integer::intValue)
            .toArray());
  }

  private static void mark(Reference reference, Table table, BitSet close) {
    for (int row = 0; row < table.rows(); row++) {
      int id = reference.id(table.ints("layer").get(row), table.ints("neuron").get(row));
      if (id >= 0) {
        close.set(id);
      }
    }
  }

  /** The excess, or without a baseline the mean correlation. */
  private static double[] score(Reference reference) {
    for (String column : List.of("excess_corr", "mean_corr")) {
      Optional<Column.Doubles> held = reference.doubles(column);
      if (held.isPresent()) {
        double[] values = held.get().toArray();
        if (IntStream.range(0, values.length).anyMatch(i -> !Double.isNaN(values[i]))) {
          return values;
        }
      }
    }
    return new double[reference.count()];
  }

  BitSet set() {
    BitSet set = new BitSet();
    IntStream.of(ids).forEach(set::set);
    return set;
  }
}
