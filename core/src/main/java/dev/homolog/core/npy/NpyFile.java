package dev.homolog.core.npy;

import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A NumPy {@code .npy} file of version 1, 2 or 3, mapped: C order, little-endian, int32, int64,
 * uint16, uint32, float16, float32 or float64. Any thread may read it until it is closed.
 */
public final class NpyFile implements AutoCloseable {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LONGEST_HEADER = 1 << 16;
  private static final String REMEDY = "write it with numpy.save";
  private static final String CONVERT =
      "convert it: numpy.save(path, numpy.ascontiguousarray(array, dtype='<f4')), or '<i4' for tokens";

  private final Path file;
  private final Arena arena;
  private final NpyHeader header;
  private final MemorySegment data;

  private NpyFile(Path file, Arena arena, NpyHeader header, MemorySegment data) {
    this.file = file;
    this.arena = arena;
    this.header = header;
    this.data = data;
  }

  /**
   * Maps a file after checking that its header describes exactly the bytes that follow.
   *
   * @throws InputException if it is missing, damaged or of a kind that is not read
   */
  @SuppressWarnings("MustBeClosedChecker") // closed by close, and here on every failure
  public static NpyFile open(Path file) {
    if (!Files.isRegularFile(file)) {
      String problem = Files.exists(file) ? "not a file" : "no such file";
      throw new InputException(file, "", problem, "give the path of a .npy file");
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment whole = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      return map(file, arena, whole);
    } catch (IOException e) {
      arena.close();
      throw new InputException(
          file.toString(), "", "cannot be read: " + e.getMessage(), "check the file", e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static NpyFile map(Path file, Arena arena, MemorySegment whole) {
    for (int i = 0; i < MAGIC.length; i++) {
      if (whole.byteSize() < 10 || whole.get(ValueLayout.JAVA_BYTE, i) != MAGIC[i]) {
        throw new InputException(file, "", "not a .npy file", REMEDY);
      }
    }
    int major = whole.get(ValueLayout.JAVA_BYTE, 6);
    int minor = whole.get(ValueLayout.JAVA_BYTE, 7);
    if (major < 1 || major > 3 || minor != 0) {
      throw new InputException(file, "", "version " + major + "." + minor + " of .npy", REMEDY);
    }
    int start = major == 1 ? 10 : 12;
    if (whole.byteSize() < start) {
      throw new InputException(file, "header", "the file ends within it", REMEDY);
    }
    long length = major == 1 ? whole.get(SHORT, 8) & 0xFFFF : whole.get(INT, 8) & 0xFFFF_FFFFL;
    if (length > LONGEST_HEADER || length > whole.byteSize() - start) {
      throw new InputException(
          file, "header", length + " bytes long, more than the file has or may have", REMEDY);
    }
    byte[] bytes = whole.asSlice(start, length).toArray(ValueLayout.JAVA_BYTE);
    NpyHeader header;
    long expected;
    try {
      header = NpyHeader.parse(new String(bytes, StandardCharsets.UTF_8));
      expected = Math.multiplyExact(header.elements(), (long) header.dtype().bytes());
    } catch (IllegalArgumentException e) {
      throw new InputException(file, "header", e.getMessage(), CONVERT);
    } catch (ArithmeticException e) {
      throw new InputException(file, "shape", "more elements than can be counted", REMEDY);
    }
    MemorySegment data = whole.asSlice(start + length);
    if (data.byteSize() != expected) {
      throw new InputException(
          file,
          "shape " + header.shape(),
          "needs " + expected + " bytes, but " + data.byteSize() + " follow",
          REMEDY);
    }
    return new NpyFile(file, arena, header, data);
  }

  /** The whole array, written so that either all of it or nothing is there afterwards. */
  public static void write(Path file, DType dtype, List<Long> shape, MemorySegment data) {
    try (NpyWriter writer = NpyWriter.create(file, dtype, shape)) {
      writer.append(data);
      writer.commit();
    }
  }

  public Path file() {
    return file;
  }

  public DType dtype() {
    return header.dtype();
  }

  /** Whether integers have no sign; {@link #dtype} is the type of their size. */
  public boolean unsigned() {
    return header.unsigned();
  }

  /** Dimensions; empty for a single number. */
  public List<Long> shape() {
    return header.shape();
  }

  public long elements() {
    return header.elements();
  }

  /**
   * All elements in C order, little-endian, read-only, at whatever alignment the file has; valid
   * until closed.
   */
  public MemorySegment data() {
    return data;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
