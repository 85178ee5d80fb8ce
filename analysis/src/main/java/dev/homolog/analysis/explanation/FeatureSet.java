package dev.homolog.analysis.explanation;

import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The features of a text that explanations are made of, and the cells that their sums are made of.
 * First come the cells of the token, then the same cells of the token before. Then one cell follows
 * for each position of the row, part of speech and subset, and one for documents without subset.
 * Last comes one for each label that documents are given at random. It reads the table of tokens,
 * which must stay open.
 */
public final class FeatureSet {
  private final TokenCells tokens;
  private final int context;
  private final int subsets;
  private final Documents documents;
  private final PartsOfSpeech speech;
  private final List<Feature> features;
  private final List<int[]> members;

  private FeatureSet(
      TokenCells tokens,
      int context,
      List<String> subsets,
      Documents documents,
      PartsOfSpeech speech) {
    this.tokens = tokens;
    this.context = context;
    this.subsets = subsets.size();
    this.documents = documents;
    this.speech = speech;
    this.features = new ArrayList<>(tokens.features());
    this.members = new ArrayList<>(tokens.members());
    for (int f = 0; f < tokens.features().size(); f++) {
      add(tokens.features().get(f).previous(), shifted(tokens.members().get(f), tokens.cells()));
    }
    addPositions();
    for (int tag = 0; tag < EnglishTagger.TAGS.size(); tag++) {
      String name = EnglishTagger.TAGS.get(tag);
      add(Feature.of(FeatureKind.PART_OF_SPEECH, name), new int[] {ofTag(tag)});
    }
    boolean labelled = !subsets.isEmpty();
    for (int s = 0; labelled && s <= subsets.size(); s++) {
      String name = s < subsets.size() ? subsets.get(s) : "no subset";
      add(Feature.of(FeatureKind.SUBSET, name), new int[] {ofSubset(s)});
    }
  }

  private void add(Feature feature, int[] cells) {
    features.add(feature);
    members.add(cells);
  }

  /** Each alone, stretches that double in length, all before one of these, and the last quarter. */
  private void addPositions() {
    Set<Feature> added = new HashSet<>();
    for (int p = 0; p < context; p++) {
      addPositions(p, p + 1, added);
    }
    for (int from = 2; from < context; from *= 2) {
      addPositions(0, from, added);
      addPositions(from, Math.min(2 * from, context), added);
    }
    addPositions(context - context / 4, context, added);
  }

  private void addPositions(int from, int to, Set<Feature> added) {
    int[] cells = new int[to - from];
    Arrays.setAll(cells, i -> ofPosition(from + i));
    String name = to - from == 1 ? "position " + from : "positions " + from + " to " + (to - 1);
    Feature feature = new Feature(FeatureKind.POSITION, name, -1, Math.max(1, to - from));
    if (to > from && to - from < context && added.add(feature)) {
      add(feature, cells);
    }
  }

  private static int[] shifted(int[] cells, int by) {
    return Arrays.stream(cells).map(cell -> cell + by).toArray();
  }

  /** The features of a text. All its tokens are counted, and all its words are tagged. */
  public static FeatureSet of(TokenTable table, Tokenizer tokenizer, int vocabulary) {
    long[] counts = new long[vocabulary];
    for (long row = 0; row < table.rows(); row++) {
      for (int position = 0; position < table.context(); position++) {
        counts[table.id(row, position)]++;
      }
    }
    String[] texts = new String[vocabulary];
    for (int id = 0; id < vocabulary; id++) {
      texts[id] = counts[id] > 0 && tokenizer.present() ? tokenizer.tokenText(id) : "";
    }
    return of(
        TokenCells.of(counts, id -> texts[id]),
        table.context(),
        table.subsets(),
        Documents.of(table),
        PartsOfSpeech.of(table, texts));
  }

  /** As above, put together. */
  static FeatureSet of(
      TokenCells tokens,
      int context,
      List<String> subsets,
      Documents documents,
      PartsOfSpeech speech) {
    return new FeatureSet(tokens, context, subsets, documents, speech);
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
    return ofSubset(subsets) + 1 + shuffled();
  }

  /** Bytes on the heap that grow with the text. */
  public long bytes() {
    return speech.bytes();
  }

  int context() {
    return context;
  }

  /** Ids of the tokens that have a cell of their own; the one at index i has cell i. */
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

  private int ofTag(int tag) {
    return 2 * tokens.cells() + context + tag;
  }

  /** The cell of a position's part of speech, or −1. */
  int ofSpeech(long row, int position) {
    int tag = speech.at(row, position);
    return tag == PartsOfSpeech.NONE ? -1 : ofTag(tag);
  }

  int ofSubset(int subset) {
    return 2 * tokens.cells() + context + EnglishTagger.TAGS.size() + subset;
  }

  int noSubset() {
    return subsets;
  }

  /** Number of labels by chance: none where there are no subsets to compare with. */
  int shuffled() {
    return subsets == 0 ? 0 : Documents.DRAWS * Documents.LABELS;
  }

  /** The cell of a label. */
  int ofShuffled(int label) {
    return ofSubset(subsets) + 1 + label;
  }

  /** Number of documents. */
  int documents() {
    return documents.count();
  }

  int document(long row, int position) {
    return documents.documentAt().applyAsInt((int) row, position);
  }

  /** The most cells that a position adds to. */
  int mostCells() {
    return 2 * tokens.mostCells() + 3 + Documents.DRAWS;
  }
}
