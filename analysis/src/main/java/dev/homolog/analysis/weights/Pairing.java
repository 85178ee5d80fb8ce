package dev.homolog.analysis.weights;

import java.util.Locale;

/** Which vector of a neuron is compared with which of another; the names are the authors'. */
enum Pairing {
  IN_IN(Side.IN, Side.IN),
  IN_OUT(Side.IN, Side.OUT),
  OUT_IN(Side.OUT, Side.IN),
  OUT_OUT(Side.OUT, Side.OUT);

  private final Side rowSide;
  private final Side otherSide;
  private final String text = name().toLowerCase(Locale.ROOT);

  Pairing(Side rowSide, Side otherSide) {
    this.rowSide = rowSide;
    this.otherSide = otherSide;
  }

  /** Of the neuron that the row is about. */
  Side rowSide() {
    return rowSide;
  }

  /** Of the neuron that it is compared with. */
  Side otherSide() {
    return otherSide;
  }

  @Override
  public String toString() {
    return text;
  }
}
