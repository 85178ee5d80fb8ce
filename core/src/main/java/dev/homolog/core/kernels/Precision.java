package dev.homolog.core.kernels;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.util.Locale;

/**
 * What the factors of matrix products are rounded to; sums are in single precision, of many tokens
 * in double.
 */
public enum Precision {
  /** Not at all: single precision throughout. */
  FP32,
  /** To bfloat16, on a GPU. */
  BF16;

  /**
   * The precision of that name.
   *
   * @throws InputException if there is none
   */
  public static Precision parse(String name) {
    return switch (name) {
      case "fp32" -> FP32;
      case "bf16" -> BF16;
      default ->
          throw new InputException(
              InputOption.PRECISION, "no precision is called " + name, "known: fp32, bf16");
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
