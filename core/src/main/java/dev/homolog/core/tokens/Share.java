package dev.homolog.core.tokens;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * Which documents of a text are read: those whose hash lies below the share, or the others. The
 * hash is that of the document's text alone, so that the files' order, names and compression, the
 * machine and the seed change nothing, and equal documents are on the same side.
 *
 * @param part of all documents, by number; 1 for all
 * @param heldOut whether it is the others that are read
 */
public record Share(double part, boolean heldOut) {
  /** Every document. */
  public static final Share ALL = new Share(1, false);

  /**
   * @throws InputException for {@link InputOption#SHARE} if the share is not above 0 and below 1,
   *     and not {@link #ALL}
   */
  public Share {
    if (!(part > 0 && part < 1) && (part != 1 || heldOut)) {
      throw outOfRange(part);
    }
  }

  /**
   * A part of the documents.
   *
   * @param part above 0 and below 1
   */
  public static Share of(double part, boolean heldOut) {
    if (part == 1) {
      throw outOfRange(part);
    }
    return new Share(part, heldOut);
  }

  private static InputException outOfRange(double part) {
    return new InputException(InputOption.SHARE, part + "", "give a number between 0 and 1");
  }

  /** Whether every document is read. */
  public boolean all() {
    return part == 1;
  }

  /** Decides over one document after the other, whose texts come in pieces. One thread. */
  final class Decision {
    private static final double SCALE = 0x1p-53;

    private final MessageDigest digest = TokenizerEngine.sha256();

    /** The next piece of the document. */
    void add(String text) {
      if (!all()) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
      }
    }

    /** Whether the document is read; the next piece begins the next document. */
    boolean taken() {
      return all() || place(digest.digest()) < part != heldOut;
    }

    /** The first 53 bits of a hash as a number in [0, 1). */
    private static double place(byte[] hash) {
      long bits = 0;
      for (int i = 0; i < Long.BYTES; i++) {
        bits = bits << 8 | hash[i] & 0xFF;
      }
      return (bits >>> 11) * SCALE;
    }
  }
}
