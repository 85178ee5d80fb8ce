package dev.homolog.analysis.explanation;

/**
 * A set of positions of the text.
 *
 * @param name what it is, in a few words; unique
 * @param token the id of a token or of a previous token, else −1
 * @param run length of a stretch of positions, which an unrelated neuron that is slow to change
 *     decides together; 1 of all that is not a stretch
 */
public record Feature(FeatureKind kind, String name, int token, int run) {

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
