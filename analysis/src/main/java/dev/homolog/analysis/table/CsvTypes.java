package dev.homolog.analysis.table;

import java.util.Arrays;

/**
 * Infers a CSV column's type by the rules of {@link Table#read(java.nio.file.Path)}, and knows what
 * a number looks like. One instance a column, shown every cell, used by one thread.
 */
final class CsvTypes {
  private static final long EXACT = 1L << 53; // whole numbers up to here are exact as doubles
  private static final char[] INFINITY = "Infinity".toCharArray();
  private static final char[] NAN = "NaN".toCharArray();

  private boolean empty;
  private boolean truth;
  private boolean integer;
  private boolean beyondInt;
  private boolean beyondExact;
  private boolean fraction;
  private boolean nonNumeric;

  void see(char[] cell, int length, boolean quoted) {
    if (quoted || nonNumeric) {
      nonNumeric = true;
    } else if (length == 0) {
      empty = true;
    } else if (isWhole(cell, length)) {
      integer = true;
      seeWhole(cell, length);
    } else if (isNumber(cell, length)) {
      fraction = true;
    } else if (isTruth(cell, length)) {
      truth = true;
    } else {
      nonNumeric = true;
    }
  }

  ColumnType type() {
    boolean number = integer || fraction;
    if (nonNumeric || (truth && (number || empty)) || !(truth || number || empty)) {
      return ColumnType.TEXT;
    }
    if (truth) {
      return ColumnType.BOOLEAN;
    }
    if (integer && !fraction && !empty) {
      return beyondInt ? ColumnType.LONG : ColumnType.INT;
    }
    return beyondExact ? ColumnType.TEXT : ColumnType.DOUBLE;
  }

  private void seeWhole(char[] cell, int length) {
    if (length < 10) {
      return;
    }
    try {
      long value = Long.parseLong(new String(cell, 0, length));
      beyondInt |= value != (int) value;
      beyondExact |= value > EXACT || value < -EXACT;
    } catch (NumberFormatException e) {
      nonNumeric = true; // more than a long
    }
  }

  /** A whole number as this package writes it: no plus sign, no leading zeros. */
  private static boolean isWhole(char[] cell, int length) {
    int start = cell[0] == '-' ? 1 : 0;
    return length > start
        && digits(cell, start, length) == length
        && (cell[start] != '0' || (length == 1));
  }

  /** What {@link Double#toString} writes, and its like with any digits; NaN and the infinities. */
  static boolean isNumber(char[] cell, int length) {
    int start = length > 0 && cell[0] == '-' ? 1 : 0;
    if (Arrays.equals(cell, start, length, INFINITY, 0, INFINITY.length)) {
      return true;
    }
    int index = digits(cell, start, length);
    if (index == start) {
      return Arrays.equals(cell, 0, length, NAN, 0, NAN.length);
    }
    if (cell[start] == '0' && index > start + 1) {
      return false; // more likely a name than a number
    }
    if (index < length && cell[index] == '.') {
      int point = index++;
      index = digits(cell, index, length);
      if (index == point + 1) {
        return false;
      }
    }
    if (index < length && (cell[index] == 'E' || cell[index] == 'e')) {
      index++;
      if (index < length && (cell[index] == '-' || cell[index] == '+')) {
        index++;
      }
      int exponent = index;
      index = digits(cell, index, length);
      if (index == exponent) {
        return false;
      }
    }
    return index == length;
  }

  static boolean isTruth(char[] cell, int length) {
    return (length == 4 && cell[0] == 't' && cell[1] == 'r' && cell[2] == 'u' && cell[3] == 'e')
        || (length == 5
            && cell[0] == 'f'
            && cell[1] == 'a'
            && cell[2] == 'l'
            && cell[3] == 's'
            && cell[4] == 'e');
  }

  /** The index after the digits that begin at {@code from}. */
  private static int digits(char[] cell, int from, int length) {
    int index = from;
    while (index < length && cell[index] >= '0' && cell[index] <= '9') {
      index++;
    }
    return index;
  }
}
