package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.util.List;
import java.util.Optional;

/**
 * Which fields of a document's JSON, or columns of a table, are read.
 *
 * @param text the name of the field that holds the text
 * @param subset the field of the document's subset, such as {@code meta.lang}, where a dot leads
 *     into an object; if absent, the first of {@link #USUAL} that the document has
 */
public record TextFields(String text, Optional<String> subset) {
  /** Where public collections of text keep the name of a document's part. */
  public static final List<String> USUAL =
      List.of("meta.pile_set_name", "meta.redpajama_set_name", "meta.source", "source", "subset");

  /** The text is {@code text}, the subset any of {@link #USUAL}. */
  public static final TextFields DEFAULT = new TextFields("text", Optional.empty());

  /** So many of {@link #USUAL} are never anything but a subset's name. */
  private static final int SURE = 2;

  /**
   * @throws InputException if a name is empty
   */
  public TextFields {
    if (text.isEmpty()) {
      throw new InputException(InputOption.TEXT_COLUMN, "an empty name", "name the column");
    }
    if (subset.isPresent() && subset.get().isEmpty()) {
      throw new InputException(InputOption.SUBSET_KEY, "an empty name", "name the key");
    }
  }

  /** The fields of the subset, the first that a document has counts. */
  public List<String> subsetKeys() {
    return subset.map(List::of).orElse(USUAL);
  }

  /** Whether a value of this subset key that is not a string is an error. */
  boolean sure(int key) {
    return subset.isPresent() || key < SURE;
  }

  /** As the options of a command. */
  boolean usual() {
    return equals(DEFAULT);
  }

  /**
   * The value of a field in an object that is written into a string, as JSON or as Python's {@code
   * repr}.
   *
   * @param object the string; one that is nothing of the kind has no fields
   * @param path the field, where a dot leads into an object
   */
  public static Optional<String> inString(String object, String path) {
    SubsetLabel label = new SubsetLabel(new TextFields("text", Optional.of(path)));
    label.readString(object);
    return label.found();
  }

  /**
   * What a value says as the name of a subset.
   *
   * @return empty for one that is blank or too long to be a name
   */
  public static Optional<String> name(String value) {
    return value.isBlank() || value.length() > SubsetLabel.LONGEST
        ? Optional.empty()
        : Optional.of(value);
  }
}
