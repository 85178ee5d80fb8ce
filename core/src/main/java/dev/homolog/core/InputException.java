package dev.homolog.core;

import java.nio.file.Path;

/**
 * A file, folder or value from outside that cannot be used. The message is one line: where, which
 * field, what is wrong with it, and the remedy; the same four parts are there as fields.
 */
public final class InputException extends HomologException {
  private static final long serialVersionUID = 1L;

  private final String where;
  private final String field;
  private final String problem;
  private final String remedy;

  /**
   * @param where the file, folder or flag
   * @param field the tensor, key, line or row inside it; empty where the whole of it is meant
   * @param problem what is wrong, with the offending value
   * @param remedy what the user can do
   */
  public InputException(String where, String field, String problem, String remedy) {
    this(where, field, problem, remedy, null);
  }

  public InputException(
      String where, String field, String problem, String remedy, Throwable cause) {
    super(
        oneLine(where + ": " + (field.isEmpty() ? "" : field + ": ") + problem + "; " + remedy),
        cause);
    this.where = where;
    this.field = field;
    this.problem = problem;
    this.remedy = remedy;
  }

  public InputException(Path where, String field, String problem, String remedy) {
    this(where.toString(), field, problem, remedy);
  }

  public String where() {
    return where;
  }

  public String field() {
    return field;
  }

  public String problem() {
    return problem;
  }

  public String remedy() {
    return remedy;
  }

  /** Names in a hostile file may hold line breaks or terminal escapes; a message never does. */
  private static String oneLine(String text) {
    return text.codePoints()
        .map(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029 ? '\uFFFD' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
