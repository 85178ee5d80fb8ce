package dev.homolog.analysis.measure;

import dev.homolog.analysis.state.Journal;
import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.analysis.table.Table;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ActivationSink;
import dev.homolog.core.stream.ActivationStream;
import java.lang.foreign.Arena;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a study measures: its cost, its sinks, what becomes of their sums, and how that is written.
 * The study calls the methods in the order in which they stand here. A measurement may ask another
 * one that comes before it in the study's list.
 */
public interface Measurement extends AutoCloseable {

  /** Bytes and operations, for the plan. */
  default Cost cost(Shape shape) {
    return new Cost();
  }

  /** Sites besides MLP_POST whose means and deviations the pilot must take. */
  default Set<Site> pilotSites() {
    return Set.of();
  }

  /** Whether all neurons of the reference must be in one pass, however much memory it takes. */
  default boolean inOnePass() {
    return false;
  }

  /** Empty sinks, to be shown the activations of a pass that begins. */
  default List<ActivationSink> sinks(Pass pass) {
    return List.of();
  }

  /**
   * Hears that all sinks have seen a batch, and that the pass goes on. Where sums of parts of the
   * text are merged, it hears of the batches of {@link #heardAt} and may hear of others.
   *
   * @param read positions of the text that the pass has read
   */
  default void batch(Pass pass, long read) {}

  /**
   * Shares of the text, above 0 and at most 1. It must hear of the first batch that ends at or
   * after each.
   */
  default List<Double> heardAt() {
    return List.of();
  }

  /** Takes what is wanted out of the sums of a finished pass, whose memory goes afterwards. */
  default void reduce(Pass pass) {}

  /**
   * Puts what it holds of finished passes, and of the pass under way beyond its sinks, so that a
   * stopped run can go on. A measurement that keeps anything from pass to pass has this and {@link
   * #restore}.
   *
   * @param next the pass under way or, between two passes, the one that comes; after the last pass
   *     its number is that of passes
   */
  default void save(StateWriter state, Pass next) {}

  /** Takes back what {@link #save} put, before the sinks of that pass are made. */
  default void restore(StateReader state, Pass next) {}

  /** Takes what is wanted out of sums that stay through all passes; their memory goes then. */
  default void conclude() {}

  /** Whether it wants one more reading of some rows when all passes are done. */
  default boolean looksCloser() {
    return false;
  }

  /**
   * Empty sinks of raw activations for that reading; the stream is still open.
   *
   * @param arena memory that is gone after {@link #looked}
   */
  default List<ActivationSink> closer(ActivationStream stream, Arena arena) {
    return List.of();
  }

  /**
   * Takes what is wanted out of the sums of that reading. Not called where nothing looks closer.
   *
   * @param tokens positions that it has read
   */
  default void looked(long tokens) {}

  /** Whether it puts what it finds {@link #afterwards} into the journal. */
  default boolean keepsJournal() {
    return false;
  }

  /**
   * Does what needs no stream, when the stream's memory is free again.
   *
   * @param journal has the steps that an earlier run has finished
   */
  default void afterwards(Journal journal) {}

  /** What was measured, for a program; empty where nothing is kept. */
  default Optional<Object> result() {
    return Optional.empty();
  }

  /** Adds columns to the table of the reference's neurons. */
  default void addColumns(Table.Builder neurons) {}

  /**
   * The tables, each in parts of equal name and columns, made when they are asked for.
   *
   * @param neurons the table of the reference's neurons
   */
  default Stream<Iterator<Table>> tables(Table neurons) {
    return Stream.of();
  }

  /** Adds to {@code study.json}. */
  default void describe(Facts study) {}

  /** Gives back files that are open, at the end of the study or when it breaks off. */
  @Override
  default void close() {}
}
