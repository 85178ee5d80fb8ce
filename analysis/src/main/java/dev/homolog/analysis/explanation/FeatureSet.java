package dev.homolog.analysis.explanation;

import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The features of a text that explanations are made of, and the cells that their sums are made of:
 * first those of the token, then the same of the token before, then a cell a position of the row,
 * then one a subset, and one for documents that are in none.
 */
public final class FeatureSet {
  private final TokenCells tokens;
  private final int context;
  private final int subsets;
  private final List<Feature> features;
  private final List<int[]> members;

  private FeatureSet(TokenCells tokens, int context, List<String> subsets, double documentLength) {
    this.tokens = tokens;
    this.context = context;
    this.subsets = subsets.size();
    this.features = new ArrayList<>(tokens.features());
    this.members = new ArrayList<>(tokens.members());
    for (int f = 0; f < tokens.features().size(); f++) {
      add(tokens.features().get(f).previous(), shifted(tokens.members().get(f), tokens.cells()));
    }
    for (int p = 0; p < context; p++) {
      addPositions(p, p + 1);
    }
    for (int from = 2; from < context; from *= 2) {
      addPositions(0, from);
      addPositions(from, Math.min(2 * from, context));
    }
    addPositions(context - context / 4, context);
    boolean labelled = !subsets.isEmpty();
    for (int s = 0; labelled && s <= subsets.size(); s++) {
      String name = Names.subset(subsets, s);
      add(new Feature(FeatureKind.SUBSET, name, -1, documentLength), new int[] {ofSubset(s)});
    }
  }

  private void add(Feature feature, int[] cells) {
    features.add(feature);
    members.add(cells);
  }

  private void addPositions(int from, int to) {
    int[] cells = new int[to - from];
    Arrays.setAll(cells, i -> ofPosition(from + i));
    Feature feature =
        new Feature(FeatureKind.POSITION, Names.positions(from, to), -1, Math.max(1, to - from));
    boolean known = features.stream().anyMatch(other -> other.equals(feature));
    if (!known && to > from && to - from < context) {
      add(feature, cells);
    }
  }

  private static int[] shifted(int[] cells, int by) {
    return Arrays.stream(cells).map(cell -> cell + by).toArray();
  }

  /** The features of a text, whose tokens are all counted. */
  public static FeatureSet of(TokenTable table, Tokenizer tokenizer, int vocabulary) {
    long[] counts = new long[vocabulary];
    for (long row = 0; row < table.rows(); row++) {
      for (int position = 0; position < table.context(); position++) {
        counts[table.id(row, position)]++;
      }
    }
    String[] texts = new String[vocabulary];
    for (int id = 0; id < vocabulary; id++) {
      texts[id] = counts[id] > 0 ? tokenizer.tokenText(id) : "";
    }
    TokenCells tokens = TokenCells.of(counts, id -> texts[id]);
    return new FeatureSet(tokens, table.context(), table.subsets(), documentLength(table));
  }

  /** As above, of counts alone. */
  static FeatureSet of(
      TokenCells tokens, int context, List<String> subsets, double documentLength) {
    return new FeatureSet(tokens, context, subsets, documentLength);
  }

  /** Mean length in tokens of the document that a token is in. */
  private static double documentLength(TokenTable table) {
    double squares = 0;
    int document = -1;
    long length = 0;
    for (long row = 0; row < table.rows(); row++) {
      for (int position = 0; position < table.context(); position++) {
        int here = table.documentOf(row, position);
        if (here != document) {
          squares += (double) length * length;
          document = here;
          length = 0;
        }
        length++;
      }
    }
    squares += (double) length * length;
    return Math.max(1, squares / table.tokens());
  }

  /** All features; a feature's number is its place here. */
  public List<Feature> features() {
    return features;
  }

  /** The cells of a feature, which do not overlap. */
  int[] cells(int feature) {
    return members.get(feature);
  }

  /** Number of cells. */
  public int cells() {
    return 2 * tokens.cells() + context + subsets + 1;
  }

  int context() {
    return context;
  }

  /** Ids of the tokens that have a cell of their own: that at place i has cell i. */
  int[] frequent() {
    return tokens.frequent();
  }

  int[] ofToken(int id) {
    return tokens.cellsOf(id);
  }

  /** From a cell of the token to that of the token before. */
  int previous() {
    return tokens.cells();
  }

  int ofPosition(int position) {
    return 2 * tokens.cells() + position;
  }

  int ofSubset(int subset) {
    return 2 * tokens.cells() + context + subset;
  }

  int noSubset() {
    return subsets;
  }

  /** The most cells that a position adds to. */
  int most() {
    return 2 * tokens.most() + 2;
  }
}
