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
 * end. A frequent token has a cell of its own. A rare token shares the cell of all rare tokens in
 * the same classes, if these are seen often. Otherwise it adds to a cell of each of its classes.
 * The cells of a feature do not overlap, so its sums are exactly the sums over its cells.
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
  private int mostCells;

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
    long positions = Arrays.stream(counts).sum();
    double leastFrequent = Math.max(LEAST_COUNT, LEAST_SHARE * positions);
    int[] presentIds = IntStream.range(0, counts.length).filter(id -> counts[id] > 0).toArray();
    int[] frequent =
        Arrays.stream(presentIds)
            .filter(id -> counts[id] >= leastFrequent)
            .boxed()
            .sorted(Comparator.<Integer>comparingLong(id -> -counts[id]).thenComparing(id -> id))
            .limit(MOST_TOKENS)
            .mapToInt(id -> id)
            .toArray();
    TokenCells tokenCells = new TokenCells(frequent, counts.length);
    for (int id : frequent) {
      tokenCells.cellsOf[id] = new int[] {tokenCells.cells++};
      tokenCells.features.add(
          new Feature(FeatureKind.TOKEN, Names.token(id, text.apply(id)), id, 1));
      tokenCells.members.add(tokenCells.cellsOf[id]);
    }
    Map<Feature, BitSet> classes = new LinkedHashMap<>();
    Set<BitSet> distinctSets = new HashSet<>();
    Arrays.stream(frequent).forEach(id -> distinctSets.add(singleton(id)));
    words(presentIds, counts, text, leastFrequent)
        .forEach((word, ids) -> {
          if (distinctSets.add(ids)) {
            classes.put(Feature.of(FeatureKind.WORD, Names.word(word)), ids);
          }
        });
    for (TokenClass tokenClass : TokenClasses.ALL) {
      BitSet ids = new BitSet();
      Arrays.stream(presentIds)
          .filter(id -> tokenClass.holds().test(text.apply(id)))
          .forEach(ids::set);
      long count = ids.stream().mapToLong(id -> counts[id]).sum();
      // A class of the tokens of an earlier feature says nothing new.
      if (count >= LEAST_COUNT && positions - count >= LEAST_COUNT && distinctSets.add(ids)) {
        classes.put(
            Feature.of(
                tokenClass.alphabet() ? FeatureKind.LETTER : FeatureKind.CLASS, tokenClass.name()),
            ids);
      }
    }
    tokenCells.divide(classes, presentIds, counts);
    tokenCells.mostCells =
        Arrays.stream(tokenCells.cellsOf).mapToInt(of -> of.length).max().orElse(0);
    return tokenCells;
  }

  private static BitSet singleton(int id) {
    BitSet ids = new BitSet();
    ids.set(id);
    return ids;
  }

  /** The tokens of each word that is seen often and spelt in several ways, most frequent first. */
  private static Map<String, BitSet> words(
      int[] presentIds, long[] counts, IntFunction<String> text, double leastFrequent) {
    Map<String, BitSet> spellings = new TreeMap<>();
    Map<String, Long> total = new HashMap<>();
    for (int id : presentIds) {
      String word = TokenClasses.word(text.apply(id));
      if (!word.isEmpty() && word.indexOf('\uFFFD') < 0) {
        spellings.computeIfAbsent(word, _ -> new BitSet()).set(id);
        total.merge(word, counts[id], Long::sum);
      }
    }
    Map<String, BitSet> words = new LinkedHashMap<>();
    spellings.keySet().stream()
        .filter(word -> spellings.get(word).cardinality() > 1 && total.get(word) >= leastFrequent)
        .sorted(Comparator.<String>comparingLong(word -> -total.get(word)))
        .limit(MOST_WORDS)
        .forEach(word -> words.put(word, spellings.get(word)));
    return words;
  }

  private void divide(Map<Feature, BitSet> classes, int[] presentIds, long[] counts) {
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
    for (int id : presentIds) {
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
    Map<Integer, Integer> cellOfClass = new TreeMap<>();
    for (BitSet in : patterns.keySet()) {
      cellsOfPattern.computeIfAbsent(
          in, _ -> in.stream().map(k -> cellOfClass.computeIfAbsent(k, _ -> cells++)).toArray());
    }
    cellOfClass.forEach((k, cell) -> cellsOfClass.get(k).add(cell));
    for (int id : presentIds) {
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
  int mostCells() {
    return mostCells;
  }

  List<Feature> features() {
    return features;
  }

  /** The cells of each feature, in the order of {@link #features}. */
  List<int[]> members() {
    return members;
  }
}
