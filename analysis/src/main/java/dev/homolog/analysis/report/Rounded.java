package dev.homolog.analysis.report;

import dev.homolog.analysis.table.ColumnSpec;
import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers as the page holds them: few significant digits, so that they take few bytes. */
final class Rounded {
  private static final int FINE = 6;

  private Rounded() {}

  /** The number with three significant digits, or null where it is none. */
  static BigDecimal brief(double value) {
    return of(value, ColumnSpec.DIGITS);
  }

  /**
   * The number with as many significant digits as are declared, or null where it is none. Six or
   * more become twelve where they fall on a number of few digits, such as a threshold that the
   * value is just above.
   */
  static BigDecimal declared(double value, int digits) {
    BigDecimal rounded = of(value, digits);
    return rounded == null || digits < FINE || rounded.precision() > 4 ? rounded : of(value, 12);
  }

  /** The number with so many significant digits, or null where it is none. */
  static BigDecimal of(double value, int digits) {
    if (!Double.isFinite(value)) {
      return null;
    }
    if (value == 0) {
      return BigDecimal.ZERO;
    }
    int places = digits - 1 - (int) Math.floor(Math.log10(Math.abs(value)));
    if (places > 300 || places < -300) {
      return new BigDecimal(value).round(new MathContext(digits)).stripTrailingZeros();
    }
    // Two steps where one power of ten would overflow.
    int half = places / 2;
    double scaled = value * Math.pow(10, half) * Math.pow(10, places - half);
    BigDecimal rounded = BigDecimal.valueOf(Math.round(scaled), places).stripTrailingZeros();
    return rounded.scale() < 0 && rounded.scale() > -digits ? rounded.setScale(0) : rounded;
  }
}
