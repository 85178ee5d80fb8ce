package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;

/**
 * The map of characters of SentencePiece: a double array of prefixes, then the texts that it points
 * to, each with a zero after it. The native library follows it without looking where it leads.
 */
final class CharacterMap {
  /** Bytes of a text that one character may become; the longest in use has 33. */
  private static final int LONGEST = 96;

  private final TokenizerField field;
  private final int[] units;
  private final byte[] texts;
  private final BitSet starts;
  private int growth = 1;

  private CharacterMap(TokenizerField field, int[] units, byte[] texts, BitSet starts) {
    this.field = field;
    this.units = units;
    this.texts = texts;
    this.starts = starts;
  }

  /**
   * Follows every way through a map.
   *
   * @return how many times as long it may make a text
   * @throws InputException if a way leads out of it, or to a text that is no UTF-8
   */
  static int check(TokenizerField field, byte[] map) {
    ByteBuffer buffer = ByteBuffer.wrap(map).order(ByteOrder.LITTLE_ENDIAN);
    if (map.length < 8) {
      throw field.refuse("is too short");
    }
    int size = buffer.getInt();
    if (size < 4 || size % 4 != 0 || size > buffer.remaining()) {
      throw field.refuse("says that its array is " + size + " bytes long");
    }
    int[] units = new int[size / 4];
    buffer.asIntBuffer().get(units);
    byte[] texts = new byte[map.length - 4 - size];
    buffer.position(4 + size).get(texts);
    BitSet starts = new BitSet();
    try {
      CharBuffer decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(texts));
      if (decoded.length() > texts.length) {
        throw field.refuse("holds texts that are not UTF-8");
      }
    } catch (CharacterCodingException e) {
      throw field.refuse("holds texts that are not UTF-8");
    }
    for (int i = 0; i < texts.length; i++) {
      starts.set(i, (texts[i] & 0xC0) != 0x80);
    }
    CharacterMap checked = new CharacterMap(field, units, texts, starts);
    checked.follow();
    return checked.growth;
  }

  private void follow() {
    BitSet seen = new BitSet();
    ArrayDeque<Integer> nodes = new ArrayDeque<>(); // shortest prefixes first
    ArrayDeque<Integer> lengths = new ArrayDeque<>();
    nodes.add(offset(units[0]));
    lengths.add(1);
    while (!nodes.isEmpty()) {
      int node = nodes.remove(); // where the labels of a prefix are added to
      int length = lengths.remove();
      if (seen.get(node)) {
        continue;
      }
      seen.set(node);
      for (int label = 1; label < 256; label++) {
        int child = unit(node ^ label);
        if ((child & 0x800000FF) != label) {
          continue;
        }
        int next = node ^ label ^ offset(child);
        if (next < 0 || next >= units.length) {
          throw outside();
        }
        if ((child >>> 8 & 1) == 1) {
          value(unit(next) & 0x7FFFFFFF, length);
        }
        nodes.add(next);
        lengths.add(length + 1);
      }
    }
  }

  private int unit(int position) {
    if (position < 0 || position >= units.length) {
      throw outside();
    }
    return units[position];
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >>> 6);
  }

  /** A text from this place up to the next zero. */
  private void value(int from, int prefix) {
    if (from >= texts.length || !starts.get(from)) {
      throw outside();
    }
    int to = from;
    while (to < texts.length && texts[to] != 0 && to - from <= LONGEST) {
      to++;
    }
    if (to - from > LONGEST) {
      throw field.refuse("makes one character to more than " + LONGEST + " bytes");
    }
    growth = Math.max(growth, (to - from + prefix - 1) / prefix);
  }

  private InputException outside() {
    return field.refuse("leads out of itself");
  }
}
