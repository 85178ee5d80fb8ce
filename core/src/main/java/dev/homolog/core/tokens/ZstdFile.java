package dev.homolog.core.tokens;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDirectBufferDecompressingStreamNoFinalizer;
import com.github.luben.zstd.ZstdIOException;
import dev.homolog.core.InputException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads a zstd file of any number of frames. Only off-heap buffers go to native code, for G1 of JDK
 * 25.0.0 to 25.0.2 may move pinned arrays (JDK-8377811). One thread.
 */
final class ZstdFile extends InputStream {
  /** Windows of 2 to these powers are what zstd knows. */
  private static final int LEAST_WINDOW = 10;

  private static final int MOST_WINDOW = 31;

  private final Path file;
  private final FileChannel channel;
  private final long window;
  private final Frames frames;
  private final ByteBuffer decoded = ByteBuffer.allocateDirect(1 << 17).flip();

  private ZstdFile(Path file, FileChannel channel, long window) throws IOException {
    this.file = file;
    this.channel = channel;
    this.window = window;
    ByteBuffer source = ByteBuffer.allocateDirect(1 << 17);
    read(channel, source);
    this.frames = new Frames(source, channel);
    int log = 63 - Long.numberOfLeadingZeros(Math.max(1, window));
    frames.setLongMax(Math.clamp(log, LEAST_WINDOW, MOST_WINDOW));
  }

  /**
   * @param window the most bytes of a frame's window, which is held
   * @throws dev.homolog.core.HomologException if Java was started without native access for zstd
   */
  static ZstdFile open(Path file, long window) throws IOException {
    NativeAccess.require(Zstd.class, file + ": zstd");
    NativeParts.ZSTD.provide(Zstd.class);
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new ZstdFile(file, channel, window);
    } catch (LinkageError e) {
      channel.close();
      throw NativeParts.ZSTD.failed(e);
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
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
      if (!frames.hasRemaining()) {
        return false;
      }
      decoded.clear();
      try {
        int produced = frames.read(decoded);
        if (produced == 0 && frames.exhausted() && frames.hasRemaining()) {
          throw new EOFException("the file ends within a zstd frame");
        }
      } catch (ZstdIOException e) {
        throw plainer(e);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      } finally {
        decoded.flip();
      }
    }
    return true;
  }

  /** What the user can do something about, in other words than zstd's. */
  private IOException plainer(ZstdIOException e) {
    if (e.getErrorCode() == Zstd.errFrameParameterWindowTooLarge()) {
      boolean never = window >= ZstdWindow.MOST;
      throw new InputException(
          file.toString(),
          "",
          "its window has more than the "
              + (never
                  ? ZstdWindow.MOST + " bytes that zstd reads"
                  : window + " bytes that are free for it"),
          (never ? "" : "raise --memory, or ") + "compress it again without --long",
          e);
    }
    if (e.getErrorCode() == Zstd.errDictionaryWrong()) {
      String problem = "compressed with a dictionary, which is not in the file";
      throw new InputException(file.toString(), "", problem, "compress it again without one", e);
    }
    return e;
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      frames.close();
    }
  }

  private static void read(FileChannel channel, ByteBuffer buffer) throws IOException {
    buffer.clear();
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      // until the buffer is full or the file ends
    }
    buffer.flip();
  }

  private static final class Frames extends ZstdDirectBufferDecompressingStreamNoFinalizer {
    private final FileChannel channel;

    Frames(ByteBuffer source, FileChannel channel) {
      super(source);
      this.channel = channel;
    }

    @Override
    protected ByteBuffer refill(ByteBuffer empty) {
      try {
        ZstdFile.read(channel, empty);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return empty;
    }

    boolean exhausted() {
      return !source.hasRemaining();
    }
  }
}
