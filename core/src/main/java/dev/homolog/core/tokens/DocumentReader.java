package dev.homolog.core.tokens;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/** The documents of one file, one after the other. One thread. */
interface DocumentReader extends Closeable {
  /** Goes to the next document, if there is one. */
  boolean begin() throws IOException;

  /** Which document of the file it is, as {@link TextKind#place} says it. */
  long number();

  /** Where reading has come to, for messages; empty where a file is one document. */
  String place();

  /**
   * Reads on in the text, until the buffer is full or the text ends.
   *
   * @return whether the text has ended
   */
  boolean read(TextBuffer buffer) throws IOException;

  /**
   * Reads what follows the text, so that the next document can begin.
   *
   * @return the document's subset, if it names one
   */
  Optional<String> finish() throws IOException;

  /** Malformed parts of the document outside its text; known at its end. */
  long replaced();
}
