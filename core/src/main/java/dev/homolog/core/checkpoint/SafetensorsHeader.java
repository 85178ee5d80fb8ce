package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import dev.homolog.core.memory.DType;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The header of a safetensors file, checked against every rule of the format. So a tensor's bytes
 * can be cut out of the file without looking at them.
 *
 * @param metadata {@code __metadata__}, empty where the file has none
 * @param entries all tensors in the order of their bytes
 * @param dataStart where in the file offset 0 lies
 */
record SafetensorsHeader(Map<String, String> metadata, List<Entry> entries, long dataStart) {
  /** The format's own limit, in bytes. */
  static final long MAX_LENGTH = 100_000_000;

  /** As many dimensions as PyTorch allows. */
  static final int MAX_RANK = 64;

  static final String METADATA = "__metadata__";

  private static final String REMEDY =
      "the file is damaged or not safetensors: fetch or save it again";
  private static final List<String> KEYS = List.of("dtype", "shape", "data_offsets");
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A tensor's place: bytes {@code begin} to {@code end} counted from {@code dataStart}. */
  record Entry(String name, DType dtype, List<Long> shape, long begin, long end) {}

  /**
   * Reads and checks the header at the beginning of a whole file; the data after it is not touched.
   *
   * @throws InputException if the file breaks any rule of the format
   */
  static SafetensorsHeader parse(String where, MemorySegment file) {
    long size = file.byteSize();
    if (size < Long.BYTES) {
      throw new InputException(
          where, "", size == 0 ? "is empty" : "is only " + size + " bytes long", REMEDY);
    }
    long length = file.get(LENGTH, 0);
    if (length < 0 || length > MAX_LENGTH) {
      throw new InputException(
          where,
          "header length",
          String.format(
              Locale.ROOT,
              "is %s bytes, the format allows %d",
              Long.toUnsignedString(length),
              MAX_LENGTH),
          REMEDY);
    }
    if (length > size - Long.BYTES) {
      throw new InputException(
          where,
          "header length",
          String.format(Locale.ROOT, "is %d bytes, but only %d follow", length, size - Long.BYTES),
          REMEDY);
    }
    MemorySegment header = file.asSlice(Long.BYTES, length);
    // The format's text says that a header begins with '{', though its reference reader lets white
    // space pass. We keep
    // to the text: no known writer puts any, and a fixed first byte keeps files of two formats at
    // once out.
    if (length == 0 || header.get(ValueLayout.JAVA_BYTE, 0) != '{') {
      throw new InputException(
          where,
          "header",
          length == 0
              ? "is empty"
              : String.format(
                  Locale.ROOT,
                  "begins with byte 0x%02x, not with {",
                  header.get(ValueLayout.JAVA_BYTE, 0)),
          REMEDY);
    }
    Map<String, Object> json =
        new StrictJson(where, "header", REMEDY, 3, MAX_RANK)
            .readObject(stream(header.asByteBuffer()));
    Map<String, String> metadata = metadata(where, json);
    List<Entry> entries = new ArrayList<>(json.size());
    for (var item : json.entrySet()) {
      if (!item.getKey().equals(METADATA)) {
        entries.add(new Rules(where, item.getKey()).entry(item.getValue()));
      }
    }
    // Zero-size tensors sort before the one that shares their beginning, as in the reference
    // reader.
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    checkContiguous(where, entries, size - Long.BYTES - length);
    return new SafetensorsHeader(metadata, List.copyOf(entries), Long.BYTES + length);
  }

  /** The tensors, cut out of the file whose header this is, in the order of their bytes. */
  List<StoredTensor> tensors(MemorySegment file) {
    return entries.stream()
        .map(e ->
            new StoredTensor(
                e.name, e.dtype, e.shape, file.asSlice(dataStart + e.begin, e.end - e.begin)))
        .toList();
  }

  private static Map<String, String> metadata(String where, Map<String, Object> json) {
    if (!json.containsKey(METADATA)) {
      return Map.of();
    }
    if (!(json.get(METADATA) instanceof Map<?, ?> object)) {
      throw new InputException(
          where,
          METADATA,
          String.format(
              Locale.ROOT, "is %s, expected an object", StrictJson.describe(json.get(METADATA))),
          REMEDY);
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    object.forEach((key, value) -> {
      if (!(value instanceof String text)) {
        throw new InputException(
            where,
            METADATA,
            String.format(
                Locale.ROOT,
                "key %s is %s, expected a string",
                StrictJson.describe(key),
                StrictJson.describe(value)),
            REMEDY);
      }
      metadata.put((String) key, text);
    });
    return Collections.unmodifiableMap(metadata);
  }

  /**
   * The tensors must fill the data from its first to its last byte: no hole, no overlap, nothing
   * after.
   */
  private static void checkContiguous(String where, List<Entry> entries, long dataSize) {
    long expected = 0;
    for (Entry entry : entries) {
      if (entry.end > dataSize) {
        throw new InputException(
            where,
            StrictJson.clip(entry.name),
            String.format(
                Locale.ROOT,
                "data_offsets [%d, %d] go beyond the file's %d bytes of data",
                entry.begin,
                entry.end,
                dataSize),
            REMEDY);
      }
      if (entry.begin != expected) {
        throw new InputException(
            where,
            StrictJson.clip(entry.name),
            String.format(
                Locale.ROOT,
                "begins at byte %d of the data, where the tensors before it end at %d (%s)",
                entry.begin,
                expected,
                entry.begin < expected ? "an overlap" : "a hole"),
            REMEDY);
      }
      expected = entry.end;
    }
    if (expected != dataSize) {
      throw new InputException(
          where,
          "data",
          String.format(Locale.ROOT, "%d bytes follow the last tensor", dataSize - expected),
          REMEDY);
    }
  }

  private static InputStream stream(ByteBuffer buffer) {
    return new InputStream() {
      @Override
      public int read() {
        return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) {
        int count = Math.min(length, buffer.remaining());
        buffer.get(bytes, offset, count);
        return count == 0 && length > 0 ? -1 : count;
      }
    };
  }

  /** The checks on one tensor's description, without regard to the others. */
  private record Rules(String where, String name) {
    Entry entry(Object value) {
      if (!(value instanceof Map<?, ?> info)) {
        throw refuse(
            String.format(Locale.ROOT, "is %s, expected an object", StrictJson.describe(value)));
      }
      for (String key : KEYS) {
        if (!info.containsKey(key)) {
          throw refuse(key + " is missing");
        }
      }
      for (Object key : info.keySet()) {
        if (!KEYS.contains(key)) {
          throw refuse("has an unknown key " + StrictJson.describe(key));
        }
      }
      DType dtype = dtype(info.get("dtype"));
      List<Long> shape = numbers("shape", info.get("shape"));
      List<Long> offsets = numbers("data_offsets", info.get("data_offsets"));
      if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
        throw refuse(
            String.format(
                Locale.ROOT, "data_offsets are %s, expected a begin and an end", offsets));
      }
      long length = offsets.get(1) - offsets.get(0);
      if (bytes(dtype, shape) != length) {
        throw refuse(
            String.format(
                Locale.ROOT,
                "dtype %s and shape %s make %d bytes, but data_offsets %s span %d",
                dtype,
                shape,
                bytes(dtype, shape),
                offsets,
                length));
      }
      return new Entry(name, dtype, shape, offsets.get(0), offsets.get(1));
    }

    private DType dtype(Object value) {
      for (DType dtype : DType.values()) {
        if (dtype.name().equals(value)) {
          return dtype;
        }
      }
      throw new InputException(
          where,
          StrictJson.clip(name),
          String.format(
              Locale.ROOT,
              "dtype is %s, expected one of %s",
              StrictJson.describe(value),
              Arrays.stream(DType.values()).map(DType::name).collect(Collectors.joining(", "))),
          "save the tensors in one of these");
    }

    private List<Long> numbers(String key, Object value) {
      if (!(value instanceof List<?> list)) {
        throw refuse(
            String.format(
                Locale.ROOT, "%s is %s, expected a list", key, StrictJson.describe(value)));
      }
      List<Long> numbers = new ArrayList<>(list.size());
      for (Object number : list) {
        if (!(number instanceof Long n) || n < 0) {
          throw refuse(
              String.format(
                  Locale.ROOT,
                  "%s holds %s, expected whole numbers from 0 to 2^63 - 1",
                  key,
                  StrictJson.describe(number)));
        }
        numbers.add(n);
      }
      return List.copyOf(numbers);
    }

    private long bytes(DType dtype, List<Long> shape) {
      try {
        return Math.multiplyExact(
            shape.stream().reduce(1L, Math::multiplyExact), (long) dtype.bytes());
      } catch (ArithmeticException e) {
        throw refuse(String.format(Locale.ROOT, "shape %s is too large to count in bytes", shape));
      }
    }

    private InputException refuse(String problem) {
      return new InputException(where, StrictJson.clip(name), problem, REMEDY);
    }
  }
}
