package dev.homolog.analysis.table;

import dev.homolog.core.InputException;
import java.nio.file.Path;

/** How much of a table is read, and whether the heap has room for it. Used by one thread. */
final class TableSize {
  /** The most bytes of a text, or elements of a list. */
  static final int MOST_OF_CELL = 1 << 24;

  /** The most columns of a table. */
  static final int MOST_COLUMNS = 10_000;

  /** Heap of growing arrays over what they hold: they have room to spare. */
  private static final double GROWTH = 1.5;

  private static final int TEXT = 56; // an object of a text, with its array
  private static final int LIST = 24;
  private static final String REMEDY =
      "give Java more memory, as with HOMOLOG_JAVA_OPTS=-Xmx8g, if you trust the file";

  private final Path file;
  private double bytes;

  TableSize(Path file) {
    this.file = file;
  }

  private static double free() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
  }

  /** Bytes of a cell in its column's own array. */
  static int cell(ColumnType type) {
    return switch (type) {
      case INT, TEXT -> Integer.BYTES;
      case LONG, DOUBLE -> Long.BYTES;
      case BOOLEAN -> 1;
      case INT_LIST, DOUBLE_LIST, TEXT_LIST -> Integer.BYTES + LIST;
    };
  }

  /** Bytes of an element of a list, or of a text that is a cell, without its characters. */
  static int element(ColumnType type) {
    return switch (type) {
      case INT_LIST -> Integer.BYTES;
      case DOUBLE_LIST -> Double.BYTES;
      case TEXT, TEXT_LIST -> TEXT;
      case INT, LONG, DOUBLE, BOOLEAN -> 0;
    };
  }

  /**
   * @throws InputException a cell has more than a table's can have
   */
  void requireCell(String column, double length) {
    if (length > MOST_OF_CELL) {
      throw new InputException(
          file,
          column,
          "holds a cell of "
              + (long) length
              + " bytes or elements, at most "
              + MOST_OF_CELL
              + " are read",
          CsvScanner.REMEDY);
    }
  }

  /**
   * @throws InputException there are more rows than an array can have
   */
  void requireRows(long rows) {
    if (rows > Integer.MAX_VALUE - 16) {
      throw new InputException(
          file, "", "has " + rows + " rows, more than a table can hold", CsvScanner.REMEDY);
    }
  }

  /** Counts bytes in. */
  void add(double more) {
    bytes += more;
  }

  /**
   * @throws InputException the heap has no room for what was counted
   */
  void require() {
    if (GROWTH * bytes <= free()) {
      return;
    }
    System.gc(); // what is used counts garbage too
    double free = free();
    if (GROWTH * bytes > free) {
      throw new InputException(
          file,
          "",
          "takes about "
              + (long) (GROWTH * bytes)
              + " bytes of memory, and Java has "
              + (long) free,
          REMEDY);
    }
  }
}
