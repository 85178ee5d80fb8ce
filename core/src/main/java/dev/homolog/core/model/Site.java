package dev.homolog.core.model;

/** Where in an MLP layer a neuron's activation is read. */
public enum Site {
  /** After {@code W_in} and its bias, before the non-linearity. */
  MLP_PRE,
  /** After the non-linearity, before {@code W_out}. */
  MLP_POST
}
