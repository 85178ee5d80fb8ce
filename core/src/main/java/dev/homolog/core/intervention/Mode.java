package dev.homolog.core.intervention;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What becomes of an activation. */
public enum Mode {
  /** 0. */
  ZERO,
  /** The value. */
  FIX,
  /** The value, where the activation is below it. */
  THRESHOLD,
  /** 0, where the activation is below it. */
  RELU,
  /** The activation times the value. */
  MULTIPLY;

  /** Whether there is a value to give. */
  public boolean takesValue() {
    return this != ZERO && this != RELU;
  }

  /** The new activation. */
  double apply(double activation, double value) {
    return switch (this) {
      case ZERO -> 0;
      case FIX -> value;
      case THRESHOLD -> activation < value ? value : activation;
      case RELU -> activation < 0 ? 0 : activation;
      case MULTIPLY -> activation * value;
    };
  }

  /**
   * The mode of a name.
   *
   * @throws InputException if there is none
   */
  public static Mode parse(String name) {
    for (Mode mode : values()) {
      if (mode.toString().equals(name)) {
        return mode;
      }
    }
    String known = Arrays.stream(values()).map(Mode::toString).collect(Collectors.joining(", "));
    throw new InputException(InputOption.MODE, "no mode is called " + name, "known: " + known);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
