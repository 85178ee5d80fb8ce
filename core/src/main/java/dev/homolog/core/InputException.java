package dev.homolog.core;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A file, folder or value from outside that cannot be used. The message is one line: where, which
 * field, what is wrong with it, and the remedy. The same four parts are there as fields.
 */
public final class InputException extends HomologException {
  private static final long serialVersionUID = 2L;

  private final EnumSet<InputOption> options = EnumSet.noneOf(InputOption.class);
  private final String where;
  private final String field;
  private final String problem;
  private final String remedy;

  /**
   * @param where the file or folder
   * @param field the tensor, key, line or row inside it; empty where the whole of it is meant
   * @param problem what is wrong, with the offending value
   * @param remedy what the user can do
   */
  public InputException(String where, String field, String problem, String remedy) {
    this(where, field, problem, remedy, null);
  }

  /** As above, for a file that something else has failed on. */
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

  /** As above, for a file or folder. */
  public InputException(Path where, String field, String problem, String remedy) {
    this(where.toString(), field, problem, remedy);
  }

  /** An option whose value cannot be used. */
  public InputException(InputOption option, String problem, String remedy) {
    this(option.flag(), List.of(option), problem, remedy);
  }

  /** Options that do not go together. */
  public InputException(List<InputOption> options, String problem, String remedy) {
    this(
        options.stream().map(InputOption::flag).collect(Collectors.joining(", ")),
        options,
        problem,
        remedy);
  }

  private InputException(String where, List<InputOption> options, String problem, String remedy) {
    this(where, "", problem, remedy);
    this.options.addAll(options);
  }

  /** An option of which one value cannot be used here; {@link #where} names both. */
  public static InputException ofValue(
      InputOption option, Object value, String problem, String remedy) {
    return new InputException(option.flag() + " " + value, List.of(option), problem, remedy);
  }

  /**
   * Refuses a number that is out of range, before anything is made of it.
   *
   * @throws InputException it is less than the least or more than the most
   */
  public static void requireRange(InputOption option, long value, long least, long most) {
    if (value < least) {
      throw new InputException(option, value + "", "give at least " + least);
    }
    if (value > most) {
      throw new InputException(option, value + "", "give at most " + most);
    }
  }

  /**
   * The value that has a name on the command line.
   *
   * @param what the values are called, in the singular
   * @param known all of them; {@code toString} says their names
   * @throws InputException none has it; the remedy lists the names
   */
  public static <T> T requireNamed(InputOption option, String what, T[] known, String name) {
    for (T value : known) {
      if (value.toString().equals(name)) {
        return value;
      }
    }
    String names = Arrays.stream(known).map(Object::toString).collect(Collectors.joining(", "));
    throw new InputException(option, "no " + what + " is called " + name, "known: " + names);
  }

  /** The file, the folder, or the flags of the options. */
  public String where() {
    return where;
  }

  /** The options that are refused; empty where a file or folder is. */
  public Set<InputOption> options() {
    return options.clone();
  }

  /** The tensor, key, line or row inside a file; empty where the whole of it is meant. */
  public String field() {
    return field;
  }

  /** What is wrong, with the offending value. */
  public String problem() {
    return problem;
  }

  /** What the user can do. */
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
