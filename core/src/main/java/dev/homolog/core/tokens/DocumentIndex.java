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

  private final List<Path> files;
  private final Map<String, Integer> subsets = new LinkedHashMap<>();
  private long[] starts = new long[64];
  private long[] lines = new long[64];
  private int[] file = new int[64];
  private int[] subset = new int[64];
  private long[] replaced = new long[64];
  private int size;

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

  /** What is known of the last document at its end. */
  void label(Optional<String> label) {
    subset[size - 1] =
        label.map(name -> subsets.computeIfAbsent(name, _ -> subsets.size())).orElse(NO_SUBSET);
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
