package dev.homolog.bindings.load;

import java.nio.file.Path;

/** One candidate cannot be used; becomes a {@link Refusal}, never leaves this package. */
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String where;
  private final String advice;

  RefusedException(Path where, String reason, String advice) {
    this(where.toString(), reason, advice);
  }

  RefusedException(String where, String reason, String advice) {
    super(reason);
    this.where = where;
    this.advice = advice;
  }

  Refusal of(String what) {
    return new Refusal(what, where, getMessage(), advice);
  }
}
