package dev.homolog.core.tokens;

import java.util.Optional;

/**
 * A document of the text that a run reads, or a part of one: the tokens of the parts, one after the
 * other, are those of the document.
 *
 * @param text well formed
 * @param file which of the files it is from, counted from 0
 * @param line where in the file the document is, as {@link TextKind#place} says it
 * @param first whether the document begins here
 * @param last whether it ends here
 * @param label the subset that the document belongs to, as {@link TextFields} says; known at the
 *     end, and empty where there is none
 * @param replaced malformed parts that were replaced by U+FFFD
 */
record Piece(
    String text,
    int file,
    long line,
    boolean first,
    boolean last,
    Optional<String> label,
    long replaced) {}
