package dev.homolog.analysis.explanation;

import java.util.Locale;

/**
 * What a feature looks at. The order is from simple to less simple: of two features that explain
 * about as much, the one of the earlier kind is preferred.
 */
public enum FeatureKind {
  /** The token itself. */
  TOKEN(Family.UNIGRAM),
  /** The token without regard to case and white space. */
  WORD(Family.UNIGRAM),
  /** The token's first letter. */
  LETTER(Family.ALPHABET),
  /** Another class of the catalogue. */
  CLASS(Family.SYNTAX),
  /** The part of speech of the token's word in its sentence. */
  PART_OF_SPEECH(Family.SYNTAX),
  /** The place in the row. */
  POSITION(Family.POSITION),
  PREVIOUS_TOKEN(Family.PREVIOUS_TOKEN),
  PREVIOUS_WORD(Family.PREVIOUS_TOKEN),
  PREVIOUS_LETTER(Family.PREVIOUS_TOKEN),
  PREVIOUS_CLASS(Family.PREVIOUS_TOKEN),
  /** The subset of the text. */
  SUBSET(Family.TOPIC);

  private final Family family;

  FeatureKind(Family family) {
    this.family = family;
  }

  public Family family() {
    return family;
  }

  /** For a kind of the token itself, the same kind of the token before. */
  FeatureKind previous() {
    return switch (this) {
      case TOKEN -> PREVIOUS_TOKEN;
      case WORD -> PREVIOUS_WORD;
      case LETTER -> PREVIOUS_LETTER;
      case CLASS -> PREVIOUS_CLASS;
      default -> throw new IllegalArgumentException(this + " is not told by the token's text");
    };
  }

  /** As tables have it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
