package dev.homolog.core.tokens;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where each document begins in the stream of tokens (rows without their BOS) and where it came
 * from. Filled by one thread, then read by any.
 */
final class DocumentIndex {
  static final int NO_SUBSET = -1;

  /** More labels than this are no subsets, but names of single documents. */
  static final int MOST_SUBSETS = 1024;

  private final List<Path> files;
  private final Map<String, Integer> subsets = new LinkedHashMap<>();
  private long[] starts = new long[64];
  private long[] lines = new long[64];
  private int[] file = new int[64];
  private int[] subset = new int[64];
  private long[] replaced = new long[64];
  private int size;
  private boolean tooManySubsets;

  DocumentIndex(List<Path> files) {
    this.files = List.copyOf(files);
  }

  /** A document whose label is not known yet; starts increase from call to call. */
  void add(long start, int fromFile, long line) {
    if (size == starts.length) {
      int larger = Math.addExact(size, size / 2);
      starts = Arrays.copyOf(starts, larger);
      lines = Arrays.copyOf(lines, larger);
      file = Arrays.copyOf(file, larger);
      subset = Arrays.copyOf(subset, larger);
      replaced = Arrays.copyOf(replaced, larger);
    }
    starts[size] = start;
    lines[size] = line;
    file[size] = fromFile;
    subset[size] = NO_SUBSET;
    replaced[size] = 0;
    size++;
  }

  /**
   * What is known of the last document at its end. With one label too many no document has one any
   * more.
   */
  void label(Optional<String> label) {
    if (label.isEmpty() || tooManySubsets) {
      return;
    }
    subset[size - 1] = subsets.computeIfAbsent(label.get(), _ -> subsets.size());
    if (subsets.size() > MOST_SUBSETS) {
      tooManySubsets = true;
      subsets.clear();
      Arrays.fill(subset, 0, size, NO_SUBSET);
    }
  }

  /** Whether the documents have so many labels that they count as having none. */
  boolean tooManySubsets() {
    return tooManySubsets;
  }

  /** Documents without a label, of those that could have one. */
  long unlabelled() {
    boolean[] labels = new boolean[files.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = TextKind.find(files.get(i)).map(TextKind::fields).orElse(false);
    }
    long count = 0;
    for (int i = 0; i < size; i++) {
      count += subset[i] == NO_SUBSET && labels[file[i]] ? 1 : 0;
    }
    return count;
  }

  /** Malformed parts of the last document's text. */
  void addReplaced(long parts) {
    replaced[size - 1] += parts;
  }

  /**
   * Forgets the documents that begin at or after {@code end}, and the subsets that only they had.
   */
  void cut(long end) {
    while (size > 0 && starts[size - 1] >= end) {
      size--;
    }
    int used = Arrays.stream(subset, 0, size).max().orElse(NO_SUBSET) + 1;
    subsets.values().removeIf(id -> id >= used); // ids are given in the order of documents
  }

  /** Forgets the documents after the first ones; none of them has been given a label. */
  void shrink(int documents) {
    size = documents;
  }

  int size() {
    return size;
  }

  /** Malformed parts of all documents that were replaced. */
  long replaced() {
    return Arrays.stream(replaced, 0, size).sum();
  }

  long replaced(int document) {
    return replaced[document];
  }

  int fileNumber(int document) {
    return file[document];
  }

  List<Path> files() {
    return files;
  }

  /**
   * The document that holds the token at this offset; the separator after a document belongs to it.
   */
  int at(long offset) {
    int found = Arrays.binarySearch(starts, 0, size, offset);
    return found >= 0 ? found : -found - 2;
  }

  long start(int document) {
    return starts[document];
  }

  int subset(int document) {
    return subset[document];
  }

  List<String> subsets() {
    return new ArrayList<>(subsets.keySet());
  }

  Path file(int document) {
    return files.get(file[document]);
  }

  long line(int document) {
    return lines[document];
  }
}
