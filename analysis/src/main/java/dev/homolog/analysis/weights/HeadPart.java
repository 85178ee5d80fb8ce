package dev.homolog.analysis.weights;

import java.util.Locale;

/** In which way a neuron and an attention head have to do with each other. */
enum HeadPart {
  /** The neuron writes what the head's queries read: |w_outᵀ W_QK|. */
  Q(Side.OUT),
  /** It writes what the head's keys read: |W_QK w_out|. */
  K(Side.OUT),
  /** It writes what the head's values read: |w_outᵀ W_OV|. */
  V(Side.OUT),
  /** It reads what the head writes: |W_OV w_in|. */
  O(Side.IN);

  private final Side side;
  private final String text = name().toLowerCase(Locale.ROOT);

  HeadPart(Side side) {
    this.side = side;
  }

  Side side() {
    return side;
  }

  @Override
  public String toString() {
    return text;
  }
}
