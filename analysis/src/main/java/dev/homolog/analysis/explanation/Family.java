package dev.homolog.analysis.explanation;

import java.util.Locale;

/** What a neuron responds to, in a word: the kind of its best explanation. */
public enum Family {
  /** One token, or one word however it is spelt. */
  UNIGRAM,
  /** Tokens by their first letter. */
  ALPHABET,
  /** What kind of thing the token is: punctuation, a class of words, a part of speech. */
  SYNTAX,
  /** The place in the row. */
  POSITION,
  /** The token before, or its kind. */
  PREVIOUS_TOKEN,
  /** What the document is about: the subset of the text that it is from. */
  TOPIC,
  /** No feature explains enough. */
  NONE;

  /** As tables have it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
