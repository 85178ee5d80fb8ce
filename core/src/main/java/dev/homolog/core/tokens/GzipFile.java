package dev.homolog.core.tokens;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads a gzip file of any number of members (RFC 1952). Java's own stream calls itself for every
 * empty member, and ends in silence where what follows a member is none, so that a damaged file
 * would lose its end. Here only zeros may follow, as padding. One thread.
 */
final class GzipFile extends InputStream {
  private static final int BUFFER = 1 << 16;
  private static final int LONGEST_NAME = 1 << 16;
  private static final String CUT = "Unexpected end of ZLIB input stream";
  private static final String NO_MEMBER = "what follows a gzip member is none";

  private static final int HEADER_CRC = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;

  private final FileChannel channel;
  private final ByteBuffer source = ByteBuffer.allocateDirect(BUFFER).flip();
  private final ByteBuffer decoded = ByteBuffer.allocateDirect(BUFFER).flip();
  private final Inflater inflater = new Inflater(true);
  private final CRC32 sum = new CRC32();
  private boolean ended;

  private GzipFile(FileChannel channel) {
    this.channel = channel;
  }

  static GzipFile open(Path file) throws IOException {
    GzipFile gzip = new GzipFile(FileChannel.open(file, StandardOpenOption.READ));
    try {
      if (gzip.next() != 0x1F) {
        throw new IOException("Not in GZIP format");
      }
      gzip.begin();
      return gzip;
    } catch (IOException | RuntimeException | Error e) {
      gzip.close();
      throw e;
    }
  }

  @Override
  public int read() throws IOException {
    return fill() ? decoded.get() & 0xFF : -1;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, decoded.remaining());
    decoded.get(bytes, offset, count);
    return count;
  }

  private boolean fill() throws IOException {
    while (!decoded.hasRemaining()) {
      if (ended) {
        return false;
      }
      if (inflater.finished()) {
        finish();
        ended = !another();
      } else {
        inflate();
      }
    }
    return true;
  }

  private void inflate() throws IOException {
    if (inflater.needsInput() && !refill()) {
      throw new EOFException(CUT);
    }
    decoded.clear();
    try {
      int count = inflater.inflate(decoded);
      if (count == 0 && inflater.needsDictionary()) {
        throw new IOException("a dictionary is needed, which gzip has none of");
      }
    } catch (DataFormatException e) {
      throw new IOException(e.getMessage() == null ? "damaged data" : e.getMessage(), e);
    } finally {
      decoded.flip();
    }
    sum.update(decoded.duplicate());
  }

  /** The trailer of a member: the sum and the length of what it holds. */
  private void finish() throws IOException {
    long wanted = number(4);
    long length = number(4);
    if (wanted != sum.getValue() || length != (inflater.getBytesWritten() & 0xFFFF_FFFFL)) {
      throw new IOException("Corrupt GZIP trailer");
    }
  }

  /** Goes on to the next member; false if zeros or nothing follow. */
  private boolean another() throws IOException {
    int first = next();
    if (first != 0x1F) {
      for (int b = first; b >= 0; b = next()) {
        if (b != 0) {
          throw new IOException(NO_MEMBER);
        }
      }
      return false;
    }
    try {
      begin();
    } catch (EOFException e) {
      throw new IOException(NO_MEMBER, e);
    }
    return true;
  }

  /** The rest of a member's header. */
  private void begin() throws IOException {
    CRC32 header = new CRC32();
    header.update(0x1F);
    if (byteOf(header) != 0x8B || byteOf(header) != 8) {
      throw new IOException(NO_MEMBER);
    }
    int flags = byteOf(header);
    skip(6, header);
    if ((flags & EXTRA) != 0) {
      int length = byteOf(header);
      skip(length | byteOf(header) << 8, header);
    }
    if ((flags & NAME) != 0) {
      skipName(header);
    }
    if ((flags & COMMENT) != 0) {
      skipName(header);
    }
    if ((flags & HEADER_CRC) != 0) {
      long wanted = header.getValue() & 0xFFFF;
      if (number(2) != wanted) {
        throw new IOException("Corrupt GZIP header");
      }
    }
    sum.reset();
    inflater.reset();
    inflater.setInput(source);
  }

  private void skip(int bytes, CRC32 header) throws IOException {
    for (int i = 0; i < bytes; i++) {
      byteOf(header);
    }
  }

  private void skipName(CRC32 header) throws IOException {
    for (int length = 0; byteOf(header) != 0; length++) {
      if (length == LONGEST_NAME) {
        throw new IOException("a name in its header has more than " + LONGEST_NAME + " bytes");
      }
    }
  }

  private int byteOf(CRC32 header) throws IOException {
    int b = next();
    if (b < 0) {
      throw new EOFException(CUT);
    }
    header.update(b);
    return b;
  }

  private long number(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      int b = next();
      if (b < 0) {
        throw new EOFException(CUT);
      }
      value |= (long) b << 8 * i;
    }
    return value;
  }

  private int next() throws IOException {
    return source.hasRemaining() || refill() ? source.get() & 0xFF : -1;
  }

  private boolean refill() throws IOException {
    source.clear();
    try {
      return channel.read(source) > 0;
    } finally {
      source.flip();
    }
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    channel.close();
  }
}
