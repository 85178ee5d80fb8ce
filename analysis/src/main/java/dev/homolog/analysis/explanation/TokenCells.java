package dev.homolog.analysis.explanation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Which sums a token adds to, so that those of every feature of its text can be put together at the
 * end. A frequent token has a cell of its own. A rare one shares the cell of all rare tokens that
 * are in the same classes, if these are seen often, and else adds to a cell of each class that it
 * is in. The cells of a feature do not overlap: its sums are theirs added up, exactly.
 */
final class TokenCells {
  /** The least share of all positions that a token needs to be a feature. */
  static final double LEAST_SHARE = 1e-4;

  /** And the least count: of this and of any feature, also of positions outside it. */
  static final int LEAST_COUNT = 8;

  /** The most tokens that are features, and the most words. */
  static final int MOST_TOKENS = 2048;

  private static final int MOST_WORDS = 1024;

  /** The most cells of rare tokens that are in the same classes. */
  private static final int MOST_PATTERNS = 512;

  private static final int[] NOWHERE = {};

  private final int[] frequent;
  private final List<Feature> features = new ArrayList<>();
  private final List<int[]> members = new ArrayList<>();
  private final int[][] cellsOf;
  private int cells;
  private int most;

  private TokenCells(int[] frequent, int vocabulary) {
    this.frequent = frequent;
    this.cellsOf = new int[vocabulary][];
    Arrays.fill(cellsOf, NOWHERE);
  }

  /**
   * @param counts how often each token id is seen
   * @param text what a token is printed as
   */
  static TokenCells of(long[] counts, IntFunction<String> text) {
    long all = Arrays.stream(counts).sum();
    double least = Math.max(LEAST_COUNT, LEAST_SHARE * all);
    int[] seen = IntStream.range(0, counts.length).filter(id -> counts[id] > 0).toArray();
    int[] frequent =
        Arrays.stream(seen)
            .filter(id -> counts[id] >= least)
            .boxed()
            .sorted(Comparator.<Integer>comparingLong(id -> -counts[id]).thenComparing(id -> id))
            .limit(MOST_TOKENS)
            .mapToInt(id -> id)
            .toArray();
    TokenCells found = new TokenCells(frequent, counts.length);
    for (int id : frequent) {
      found.cellsOf[id] = new int[] {found.cells++};
      found.features.add(new Feature(FeatureKind.TOKEN, Names.token(id, text.apply(id)), id, 1));
      found.members.add(found.cellsOf[id]);
    }
    Map<Feature, BitSet> classes = new LinkedHashMap<>();
    Set<BitSet> known = new HashSet<>();
    Arrays.stream(frequent).forEach(id -> known.add(set(id)));
    words(seen, counts, text, least)
        .forEach((word, ids) -> {
          if (known.add(ids)) {
            classes.put(Feature.of(FeatureKind.WORD, Names.word(word)), ids);
          }
        });
    for (TokenClass of : TokenClasses.ALL) {
      BitSet ids = new BitSet();
      Arrays.stream(seen).filter(id -> of.holds().test(text.apply(id))).forEach(ids::set);
      long count = ids.stream().mapToLong(id -> counts[id]).sum();
      // A class of the tokens of an earlier feature says nothing new.
      if (count >= LEAST_COUNT && all - count >= LEAST_COUNT && known.add(ids)) {
        classes.put(
            Feature.of(of.alphabet() ? FeatureKind.LETTER : FeatureKind.CLASS, of.name()), ids);
      }
    }
    found.divide(classes, seen, counts);
    found.most = Arrays.stream(found.cellsOf).mapToInt(of -> of.length).max().orElse(0);
    return found;
  }

  private static BitSet set(int id) {
    BitSet one = new BitSet();
    one.set(id);
    return one;
  }

  /** The tokens of each word that is seen often and spelt in several ways, most frequent first. */
  private static Map<String, BitSet> words(
      int[] seen, long[] counts, IntFunction<String> text, double least) {
    Map<String, BitSet> spellings = new TreeMap<>();
    Map<String, Long> total = new HashMap<>();
    for (int id : seen) {
      String word = TokenClasses.word(text.apply(id));
      if (!word.isEmpty() && word.indexOf('\uFFFD') < 0) {
        spellings.computeIfAbsent(word, _ -> new BitSet()).set(id);
        total.merge(word, counts[id], Long::sum);
      }
    }
    Map<String, BitSet> words = new LinkedHashMap<>();
    spellings.keySet().stream()
        .filter(word -> spellings.get(word).cardinality() > 1 && total.get(word) >= least)
        .sorted(Comparator.<String>comparingLong(word -> -total.get(word)))
        .limit(MOST_WORDS)
        .forEach(word -> words.put(word, spellings.get(word)));
    return words;
  }

  private void divide(Map<Feature, BitSet> classes, int[] seen, long[] counts) {
    List<Feature> kinds = List.copyOf(classes.keySet());
    List<List<Integer>> cellsOfClass = new ArrayList<>();
    Map<Integer, BitSet> ofToken = new HashMap<>();
    for (int k = 0; k < kinds.size(); k++) {
      int number = k;
      cellsOfClass.add(new ArrayList<>());
      classes.get(kinds.get(k)).stream()
          .forEach(id -> ofToken.computeIfAbsent(id, _ -> new BitSet()).set(number));
    }
    Map<BitSet, Long> patterns = new LinkedHashMap<>();
    for (int id : seen) {
      BitSet in = ofToken.getOrDefault(id, new BitSet());
      if (cellsOf[id].length > 0) {
        in.stream().forEach(k -> cellsOfClass.get(k).add(cellsOf[id][0]));
      } else if (!in.isEmpty()) {
        patterns.merge(in, counts[id], Long::sum);
      }
    }
    Map<BitSet, int[]> cellsOfPattern = new HashMap<>();
    patterns.keySet().stream()
        .sorted(Comparator.<BitSet>comparingLong(in -> -patterns.get(in)))
        .limit(MOST_PATTERNS)
        .forEach(in -> {
          int cell = cells++;
          cellsOfPattern.put(in, new int[] {cell});
          in.stream().forEach(k -> cellsOfClass.get(k).add(cell));
        });
    Map<Integer, Integer> own = new TreeMap<>();
    for (BitSet in : patterns.keySet()) {
      cellsOfPattern.computeIfAbsent(
          in, _ -> in.stream().map(k -> own.computeIfAbsent(k, _ -> cells++)).toArray());
    }
    own.forEach((k, cell) -> cellsOfClass.get(k).add(cell));
    for (int id : seen) {
      if (cellsOf[id].length == 0 && ofToken.containsKey(id)) {
        cellsOf[id] = cellsOfPattern.get(ofToken.get(id));
      }
    }
    for (int k = 0; k < kinds.size(); k++) {
      features.add(kinds.get(k));
      members.add(cellsOfClass.get(k).stream().mapToInt(cell -> cell).sorted().toArray());
    }
  }

  /** Number of cells. */
  int cells() {
    return cells;
  }

  /** Ids of the frequent tokens: that at place i has cell i. */
  int[] frequent() {
    return frequent;
  }

  /** The cells that a position of this token adds to. */
  int[] cellsOf(int id) {
    return cellsOf[id];
  }

  /** The most cells of one token. */
  int most() {
    return most;
  }

  List<Feature> features() {
    return features;
  }

  /** The cells of each feature, in the order of {@link #features}. */
  List<int[]> members() {
    return members;
  }
}
