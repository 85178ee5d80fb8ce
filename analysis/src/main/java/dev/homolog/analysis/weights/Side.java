package dev.homolog.analysis.weights;

/** Which of a neuron's two vectors. */
enum Side {
  /** What it reads with, a column of W_in. */
  IN,
  /** What it writes with, a row of W_out. */
  OUT
}
