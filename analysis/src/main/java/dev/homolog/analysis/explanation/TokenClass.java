package dev.homolog.analysis.explanation;

import java.util.function.Predicate;

/**
 * A set of tokens that is told by their text.
 *
 * @param name unique in the catalogue
 * @param alphabet whether it is told by the first letter alone
 * @param holds whether a token's text, as it is printed, is in the class
 */
record TokenClass(String name, boolean alphabet, Predicate<String> holds) {}
