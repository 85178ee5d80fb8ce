package dev.homolog.analysis.explanation;

import dev.homolog.core.tokens.TokenTable;
import java.util.Arrays;
import java.util.List;

/**
 * The part of speech of every position of a text: that of the word of the token. A token of white
 * space, one that lies in words of different parts of speech, and one that separates documents have
 * none.
 */
final class PartsOfSpeech {
  /** What {@link #at} says where there is none. */
  static final int NONE = -1;

  /** Text that is tagged at once, if no document ends before: a whole number of rows. */
  private static final int CHARS = 20_000;

  private final byte[][] tags;

  /**
   * Tags that somebody else has found.
   *
   * @param tags by row and position
   */
  PartsOfSpeech(byte[][] tags) {
    this.tags = tags;
  }

  /** A text without parts of speech. */
  static PartsOfSpeech none(int rows, int context) {
    byte[][] tags = new byte[rows][context];
    for (byte[] row : tags) {
      Arrays.fill(row, (byte) NONE);
    }
    return new PartsOfSpeech(tags);
  }

  /** Bytes on the heap. */
  long bytes() {
    return tags.length * ((tags.length == 0 ? 0 : tags[0].length) + 24L);
  }

  /** Place in {@link EnglishTagger#TAGS}, or {@link #NONE}. */
  int at(long row, int position) {
    return tags[(int) row][position];
  }

  /** Tags all rows; documents are put together from their rows first. */
  static PartsOfSpeech of(TokenTable table, String[] texts) {
    byte[][] tags = none(Math.toIntExact(table.rows()), table.context()).tags;
    EnglishTagger tagger = new EnglishTagger();
    Piece piece = new Piece();
    for (int row = 0; row < tags.length; row++) {
      for (int position = 0; position < table.context(); position++) {
        String text = texts[table.id(row, position)];
        boolean separates = TokenClasses.isSpecial(text);
        // BOS in front of a row stands in the middle of a document.
        if (separates && position > 0) {
          piece.tag(tagger, tags);
        } else if (!separates) {
          piece.add(text, row, position);
        }
      }
      if (piece.text.length() > CHARS) {
        piece.tag(tagger, tags);
      }
    }
    piece.tag(tagger, tags);
    return new PartsOfSpeech(tags);
  }

  /** Text of some tokens, and where each of them ends in it. */
  private static final class Piece {
    private final StringBuilder text = new StringBuilder();
    private int[] ends = new int[1024];
    private long[] places = new long[1024];
    private int size;

    void add(String token, int row, int position) {
      if (size == ends.length) {
        ends = Arrays.copyOf(ends, 2 * size);
        places = Arrays.copyOf(places, 2 * size);
      }
      text.append(token);
      ends[size] = text.length();
      places[size++] = ((long) row << 32) | position;
    }

    void tag(EnglishTagger tagger, byte[][] tags) {
      List<EnglishTagger.Word> words = tagger.tag(text.toString());
      int[] ofTokens = tags(text, ends, size, words);
      for (int i = 0; i < size; i++) {
        tags[(int) (places[i] >> 32)][(int) places[i]] = (byte) ofTokens[i];
      }
      text.setLength(0);
      size = 0;
    }
  }

  /**
   * The tag of each token of a text.
   *
   * @param ends where each of the first {@code size} tokens ends; it begins where the one before
   *     ends
   * @param words in order
   */
  static int[] tags(CharSequence text, int[] ends, int size, List<EnglishTagger.Word> words) {
    int[] tags = new int[size];
    int first = 0;
    int from = 0;
    for (int i = 0; i < size; i++) {
      while (from < ends[i] && Character.isWhitespace(text.charAt(from))) {
        from++;
      }
      while (first < words.size() && words.get(first).to() <= from) {
        first++;
      }
      tags[i] = NONE;
      for (int w = first; w < words.size() && words.get(w).from() < ends[i]; w++) {
        int tag = words.get(w).tag();
        boolean another = tags[i] != NONE && tags[i] != tag;
        if (another) {
          tags[i] = NONE;
          break;
        }
        tags[i] = tag;
      }
      from = ends[i];
    }
    return tags;
  }
}
