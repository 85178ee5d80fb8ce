package dev.homolog.core;

/**
 * Anything that Homolog refuses or that fails while it runs; the message is one line that a user
 * can act on.
 */
public class HomologException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public HomologException(String message) {
    super(message);
  }

  public HomologException(String message, Throwable cause) {
    super(message, cause);
  }
}
