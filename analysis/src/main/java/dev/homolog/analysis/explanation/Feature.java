package dev.homolog.analysis.explanation;

/**
 * A set of positions of the text.
 *
 * @param name what it is, in a few words; unique
 * @param token the id of a token or of a previous token, else −1
 * @param run of how many positions, at most, one draw of an unrelated neuron decides together: the
 *     length of a stretch of positions, or of a document; 1 where each position is a draw
 */
public record Feature(FeatureKind kind, String name, int token, double run) {

  static Feature of(FeatureKind kind, String name) {
    return new Feature(kind, name, -1, 1);
  }

  public Family family() {
    return kind.family();
  }

  /** The same of the token before. */
  Feature previous() {
    return new Feature(kind.previous(), "after " + name, token, run);
  }
}
