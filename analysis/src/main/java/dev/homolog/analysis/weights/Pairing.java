package dev.homolog.analysis.weights;

import java.util.Locale;

/** Which vector of a neuron is compared with which of another; the names are the authors'. */
enum Pairing {
  IN_IN(Side.IN, Side.IN),
  IN_OUT(Side.IN, Side.OUT),
  OUT_IN(Side.OUT, Side.IN),
  OUT_OUT(Side.OUT, Side.OUT);

  private final Side mine;
  private final Side theirs;
  private final String text = name().toLowerCase(Locale.ROOT);

  Pairing(Side mine, Side theirs) {
    this.mine = mine;
    this.theirs = theirs;
  }

  /** Of the neuron that the row is about. */
  Side mine() {
    return mine;
  }

  /** Of the neuron that it is compared with. */
  Side theirs() {
    return theirs;
  }

  @Override
  public String toString() {
    return text;
  }
}
