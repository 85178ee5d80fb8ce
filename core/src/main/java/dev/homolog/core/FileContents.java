package dev.homolog.core;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What a file holds, by its first bytes. It says what lies under a name in place of what the name
 * promises.
 */
public enum FileContents {
  /** Nothing. */
  EMPTY("nothing", "fetch it again"),
  /** The few lines that Git keeps in place of a large file. */
  GIT_LFS("a Git LFS pointer, not the file itself", "fetch the file with git lfs pull"),
  /** A page for a browser. */
  HTML("a page of HTML, not the file itself", "download the file that the page links to"),
  /** Compressed by gzip. */
  GZIP("data compressed by gzip", "decompress it with gunzip"),
  /** Compressed by zstd. */
  ZSTD("data compressed by zstd", "decompress it with zstd -d"),
  /** Compressed by xz. */
  XZ("data compressed by xz", "decompress it with xz -d"),
  /** Compressed by bzip2. */
  BZIP2("data compressed by bzip2", "decompress it with bunzip2"),
  /** A zip archive, such as {@code .npz}. */
  ZIP("a zip archive", "unpack it with unzip"),
  /** A table of Apache Parquet. */
  PARQUET("a Parquet table", "give it a name that ends in .parquet"),
  /** A table of Apache Arrow. */
  ARROW("an Arrow table", "write it as Parquet"),
  /** An array of NumPy. */
  NPY("an array of NumPy", "give it a name that ends in .npy"),
  /** Anything else. */
  OTHER("other data", "check the file");

  /** So many bytes are enough to tell. */
  public static final int HEAD = 512;

  private static final String LFS = "version https://git-lfs.github.com/spec/";

  private final String description;
  private final String remedy;

  FileContents(String description, String remedy) {
    this.description = description;
    this.remedy = remedy;
  }

  /** What it is, as the object of "holds". */
  public String description() {
    return description;
  }

  /** What makes it usable. */
  public String remedy() {
    return remedy;
  }

  /**
   * Of a file.
   *
   * @throws IOException if it cannot be read
   */
  public static FileContents of(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return of(in.readNBytes(HEAD));
    }
  }

  /**
   * Of what a file begins with.
   *
   * @param head its first {@link #HEAD} bytes, or all of them
   */
  public static FileContents of(byte[] head) {
    if (head.length == 0) {
      return EMPTY;
    }
    String text = new String(head, StandardCharsets.ISO_8859_1);
    if (text.startsWith("\u001f\u008b")) {
      return GZIP;
    }
    if (zstd(head)) {
      return ZSTD;
    }
    if (text.startsWith("\u00fd7zXZ\0")) {
      return XZ;
    }
    if (text.matches("(?s)BZh[1-9]1AY&SY.*")) {
      return BZIP2;
    }
    if (text.startsWith("PK\u0003\u0004")) {
      return ZIP;
    }
    if (text.startsWith("PAR1")) {
      return PARQUET;
    }
    if (text.startsWith("ARROW1")) {
      return ARROW;
    }
    if (text.startsWith("\u0093NUMPY")) {
      return NPY;
    }
    return written(text);
  }

  private static FileContents written(String text) {
    String plain = text.startsWith("\u00ef\u00bb\u00bf") ? text.substring(3) : text;
    if (plain.startsWith(LFS)) {
      return GIT_LFS;
    }
    String begins = plain.stripLeading().toLowerCase(Locale.ROOT);
    return begins.startsWith("<!doctype html") || begins.matches("(?s)<html[\\s>].*")
        ? HTML
        : OTHER;
  }

  /** A frame, of this or an older version, or one that is to be passed over. */
  private static boolean zstd(byte[] head) {
    if (head.length < 4) {
      return false;
    }
    int magic =
        head[0] & 0xFF | (head[1] & 0xFF) << 8 | (head[2] & 0xFF) << 16 | (head[3] & 0xFF) << 24;
    return magic >= 0xFD2FB522 && magic <= 0xFD2FB528 || (magic & ~0xF) == 0x184D2A50;
  }
}
