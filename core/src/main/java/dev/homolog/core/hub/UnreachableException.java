package dev.homolog.core.hub;

import dev.homolog.core.InputException;

/** The hub cannot be reached; never leaves this package. */
final class UnreachableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final InputException refusal;

  UnreachableException(InputException refusal) {
    super(refusal);
    this.refusal = refusal;
  }

  /** What the user is told where nothing else serves. */
  InputException refusal() {
    return refusal;
  }
}
