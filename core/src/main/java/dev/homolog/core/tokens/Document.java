package dev.homolog.core.tokens;

import java.util.Optional;

/**
 * One document of the text that a run reads.
 *
 * @param text well formed
 * @param label the subset it belongs to, {@code meta.pile_set_name}, if it has one
 * @param file which of the files it is from, counted from 0
 * @param line where in the file, counted from 1
 * @param replaced malformed parts that were replaced by U+FFFD
 */
record Document(String text, Optional<String> label, int file, long line, long replaced) {}
