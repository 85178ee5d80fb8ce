package dev.homolog.core.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.file.NewFile;
import dev.homolog.core.json.StrictJson;
import dev.homolog.core.memory.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Writes a safetensors file in one step that either happens or does not. The bytes go to a hidden
 * temporary file in the same folder and are forced to the disk. The file then takes the name by an
 * atomic move. Whatever fails before that leaves an earlier file of the name as it was; a killed
 * process may leave the temporary file behind. A mapped earlier file may be the source. Nothing is
 * written before {@link #write()}. One thread.
 *
 * <p>Tensors are laid out by falling size of their elements, otherwise in the order given. So every
 * one is aligned to its element size. The same input makes the same bytes.
 */
public final class SafetensorsWriter {
  private static final int DEFAULT_CHUNK = 16 << 20;
  private static final int ALIGNMENT = 8;

  private final Path path;
  private final int chunk;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, Item> items = new LinkedHashMap<>();

  private record Item(
      String name,
      DType dtype,
      List<Long> shape,
      long bytes,
      Supplier<Stream<MemorySegment>> data) {}

  /** A writer of {@code path}, whose folder must exist by the time of {@link #write()}. */
  public SafetensorsWriter(Path path) {
    this(path, DEFAULT_CHUNK);
  }

  /** For tests: {@code chunk} is the most bytes that go to the file at a time. */
  SafetensorsWriter(Path path, int chunk) {
    this.path = path;
    this.chunk = chunk;
  }

  /**
   * Adds an entry of {@code __metadata__}.
   *
   * @throws IllegalArgumentException if the key is there already, or if either text is not valid
   *     Unicode
   */
  public SafetensorsWriter metadata(String key, String value) {
    check(
        StrictJson.isUnicode(key) && StrictJson.isUnicode(value),
        key,
        "metadata is not valid Unicode");
    check(metadata.putIfAbsent(key, value) == null, key, "metadata is there already");
    return this;
  }

  /**
   * Adds a tensor whose little-endian bytes in C order are {@code data}, of any size and alignment,
   * on or off the heap. The data must stay alive and unchanged until {@link #write()} returns.
   *
   * @throws IllegalArgumentException if the size is not that of dtype and shape, or the name is
   *     taken or illegal
   */
  public SafetensorsWriter tensor(String name, DType dtype, List<Long> shape, MemorySegment data) {
    long bytes = bytes(name, dtype, shape);
    check(data.byteSize() == bytes, name, wrongSize(dtype, shape, bytes, data.byteSize()));
    return tensor(name, dtype, shape, () -> Stream.of(data));
  }

  /**
   * Adds a tensor whose bytes come in pieces of any sizes; the stream is asked for, consumed once
   * and closed by {@link #write()}.
   *
   * @throws IllegalArgumentException if the name is taken or illegal, or the shape is
   */
  public SafetensorsWriter tensor(
      String name, DType dtype, List<Long> shape, Supplier<Stream<MemorySegment>> pieces) {
    long bytes = bytes(name, dtype, shape);
    check(
        !name.equals(SafetensorsHeader.METADATA) && StrictJson.isUnicode(name),
        name,
        "illegal name");
    Item item = new Item(name, dtype, List.copyOf(shape), bytes, pieces);
    check(items.putIfAbsent(name, item) == null, name, "is there already");
    return this;
  }

  /**
   * Writes the file.
   *
   * @throws InputException if the folder does not exist or cannot be written
   * @throws IllegalArgumentException if the pieces of a tensor do not add up to its size
   * @throws HomologException if writing fails, for example because the disk is full
   */
  public void write() {
    Path target = path.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(target)) {
      throw new InputException(
          path,
          "",
          Files.isDirectory(target) ? "is a folder" : "its folder does not exist",
          "give the name of a file in an existing folder");
    }
    try (NewFile file = NewFile.beside(target)) {
      writeTo(file.channel());
      file.commit();
    } catch (IOException e) {
      throw new HomologException(
          String.format(
              Locale.ROOT,
              "%s: could not be written (%s); free space and check permissions",
              path,
              e),
          e);
    }
  }

  /**
   * Writes the bytes of the file to a channel that the caller owns.
   *
   * @throws IllegalArgumentException if the pieces of a tensor do not add up to its size
   */
  public void writeTo(WritableByteChannel out) throws IOException {
    List<Item> order = new ArrayList<>(items.values());
    order.sort(Comparator.comparingInt((Item item) -> item.dtype.bytes()).reversed());
    byte[] header = header(order);
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    writeFully(out, length.putLong(0, header.length));
    writeFully(out, ByteBuffer.wrap(header));
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment buffer = scratch.allocate(chunk);
      for (Item item : order) {
        long written = 0;
        try (Stream<MemorySegment> pieces = item.data.get()) {
          for (Iterator<MemorySegment> it = pieces.iterator(); it.hasNext(); ) {
            MemorySegment piece = it.next();
            written = Math.addExact(written, piece.byteSize());
            check(written <= item.bytes, item.name, "its pieces exceed " + item.bytes + " bytes");
            writePiece(out, piece, buffer);
          }
        }
        check(
            written == item.bytes,
            item.name,
            wrongSize(item.dtype, item.shape, item.bytes, written));
      }
    }
  }

  /** Heap segments go through the buffer: not all of them can be seen as a ByteBuffer. */
  private void writePiece(WritableByteChannel out, MemorySegment piece, MemorySegment buffer)
      throws IOException {
    for (long offset = 0; offset < piece.byteSize(); offset += chunk) {
      MemorySegment part = piece.asSlice(offset, Math.min(chunk, piece.byteSize() - offset));
      MemorySegment source =
          part.isNative() ? part : buffer.asSlice(0, part.byteSize()).copyFrom(part);
      writeFully(out, source.asByteBuffer());
    }
  }

  private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /** The header, padded with spaces so that the data begins at a multiple of 8. */
  private byte[] header(List<Item> order) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsHeader.METADATA);
        for (var entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long begin = 0;
      for (Item item : order) {
        json.writeObjectFieldStart(item.name);
        json.writeStringField("dtype", item.dtype.name());
        json.writeArrayFieldStart("shape");
        for (long n : item.shape) {
          json.writeNumber(n);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(begin);
        begin = Math.addExact(begin, item.bytes);
        json.writeNumber(begin);
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot happen in memory", e);
    }
    while (bytes.size() % ALIGNMENT != 0) {
      bytes.write(' ');
    }
    check(bytes.size() <= SafetensorsHeader.MAX_LENGTH, "header", "is too long for the format");
    return bytes.toByteArray();
  }

  private long bytes(String name, DType dtype, List<Long> shape) {
    check(
        shape.size() <= SafetensorsHeader.MAX_RANK && shape.stream().allMatch(n -> n >= 0),
        name,
        "illegal shape " + shape);
    try {
      return Math.multiplyExact(
          shape.stream().reduce(1L, Math::multiplyExact), (long) dtype.bytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s: %s: shape %s is too large to count in bytes", path, name, shape),
          e);
    }
  }

  private static String wrongSize(DType dtype, List<Long> shape, long expected, long actual) {
    return String.format(
        Locale.ROOT,
        "dtype %s and shape %s make %d bytes, but %d were given",
        dtype,
        shape,
        expected,
        actual);
  }

  private void check(boolean legal, String name, String problem) {
    if (!legal) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s: %s: %s", path, name, problem));
    }
  }
}
