package dev.homolog.core.checkpoint;

import dev.homolog.core.InputException;
import dev.homolog.core.json.StrictJson;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The entries of a zip file as {@code torch.save} writes it. They are stored, not compressed, one
 * after the other from the file's first byte up to the central directory, which ends the file.
 * Local and central headers must agree. With that, no byte belongs to two entries, none to no
 * entry, and no two programs read the same file differently. Zip64 and data descriptors are read;
 * check sums of contents are not looked at, for that would read the whole file.
 *
 * @param entries by name, in the order of the central directory
 */
record ZipIndex(Map<String, Entry> entries) {
  private static final String REMEDY =
      "the file is damaged or not written by torch.save: fetch it again, or save the model as"
          + " safetensors";
  private static final int MAX_ENTRIES = 100_000;
  private static final int MAX_NAME = 1_024;

  private static final int LOCAL = 0x04034b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int DESCRIPTOR = 0x08074b50;
  private static final int END = 0x06054b50;
  private static final int END64 = 0x06064b50;
  private static final int LOCATOR64 = 0x07064b50;

  private static final int HAS_DESCRIPTOR = 1 << 3;
  private static final int UTF_8 = 1 << 11;
  private static final long SATURATED = 0xffff_ffffL;

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** An entry's content: {@code size} bytes of the file from {@code begin} on. */
  record Entry(String name, long begin, long size) {}

  /**
   * Reads and checks the headers of a whole file; contents are not touched.
   *
   * @throws InputException if the file is anything but such a zip file
   */
  static ZipIndex read(String where, MemorySegment file) {
    return new Reader(where, file).read();
  }

  /** Where the central directory lies and how many entries it has. */
  private record Directory(long begin, long size, long count) {}

  /** What the central directory says of an entry. */
  private record Header(String name, int flags, int crc, long size, long local) {}

  private record Reader(String where, MemorySegment file) {
    ZipIndex read() {
      Directory directory = directory();
      List<Header> headers = headers(directory);
      Map<String, Entry> entries = new LinkedHashMap<>();
      for (Header header : headers) {
        if (entries.put(header.name, new Entry(header.name, 0, 0)) != null) {
          throw refuse(header.name, "is there twice");
        }
      }
      headers.sort(Comparator.comparingLong(Header::local));
      checkPlaces(headers, directory);
      for (int i = 0; i < headers.size(); i++) {
        boolean last = i + 1 == headers.size();
        long next = last ? directory.begin : headers.get(i + 1).local;
        entries.put(headers.get(i).name, entry(headers.get(i), next));
      }
      return new ZipIndex(Collections.unmodifiableMap(entries));
    }

    /** Local headers in the order of their places: the first at 0, and room for each. */
    private void checkPlaces(List<Header> headers, Directory directory) {
      long least = 0;
      for (Header header : headers) {
        long place = header.local;
        if (place < least || place > directory.begin - 30 || least == 0 && place > 0) {
          throw refuse(
              header.name,
              String.format(
                  Locale.ROOT,
                  "its header is said to be at byte %s, expected from %d to %d",
                  Long.toUnsignedString(place),
                  least,
                  least == 0 ? 0 : directory.begin - 30));
        }
        least = place + 30;
      }
      if (headers.isEmpty() && directory.begin > 0) {
        throw refuse(
            "", String.format(Locale.ROOT, "holds no entry, but %d bytes", directory.begin));
      }
    }

    private Directory directory() {
      long end = file.byteSize() - 22;
      if (end < 0 || u32(end) != END || u16(end + 20) != 0) {
        throw refuse("", "does not end as a zip file does: it is cut off, or bytes follow its end");
      }
      long size = u32(end + 12) & SATURATED;
      long begin = u32(end + 16) & SATURATED;
      long count = u16(end + 10);
      if (u16(end + 4) != 0 || u16(end + 6) != 0 || u16(end + 8) != count) {
        throw refuse("", "is one part of a zip file in several");
      }
      long directoryEnd = end;
      if (end >= 20 && u32(end - 20) == LOCATOR64) {
        long end64 = end - 20 - 56;
        if (end64 < 0
            || u64(end - 12) != end64
            || u32(end - 16) != 0
            || u32(end - 4) != 1
            || u32(end64) != END64
            || u64(end64 + 4) != 44
            || u32(end64 + 16) != 0
            || u32(end64 + 20) != 0
            || u64(end64 + 24) != u64(end64 + 32)) {
          throw refuse("", "its zip64 end and the pointer to it do not fit each other");
        }
        count = same("number of entries", count, 0xffff, u64(end64 + 32));
        size = same("size of the central directory", size, SATURATED, u64(end64 + 40));
        begin = same("begin of the central directory", begin, SATURATED, u64(end64 + 48));
        directoryEnd = end64;
      }
      if (begin < 0 || size < 0 || begin > directoryEnd || size != directoryEnd - begin) {
        throw refuse(
            "central directory",
            String.format(
                Locale.ROOT,
                "%s bytes from byte %s on are not what lies before the file's end at %d",
                Long.toUnsignedString(size),
                Long.toUnsignedString(begin),
                directoryEnd));
      }
      if (count < 0 || count > MAX_ENTRIES || count > size / 46) {
        throw refuse(
            "central directory",
            String.format(
                Locale.ROOT,
                "%s entries in %d bytes, at most %d are read",
                Long.toUnsignedString(count),
                size,
                MAX_ENTRIES));
      }
      return new Directory(begin, size, count);
    }

    /** A number that is there twice, in 64 bits and in fewer, where all ones means look there. */
    private long same(String what, long small, long saturated, long large) {
      if (small != saturated && small != large) {
        throw refuse(
            "", String.format(Locale.ROOT, "%s is %d and, in zip64, %d", what, small, large));
      }
      return large;
    }

    private List<Header> headers(Directory directory) {
      List<Header> headers = new ArrayList<>();
      long offset = directory.begin;
      long end = directory.begin + directory.size;
      for (long i = 0; i < directory.count; i++) {
        if (end - offset < 46 || u32(offset) != CENTRAL) {
          throw refuse("central directory", String.format(Locale.ROOT, "entry %d is no entry", i));
        }
        int nameLength = u16(offset + 28);
        int extraLength = u16(offset + 30);
        long next = offset + 46 + nameLength + extraLength + u16(offset + 32);
        if (next > end || nameLength > MAX_NAME) {
          throw refuse(
              "central directory",
              String.format(
                  Locale.ROOT,
                  "entry %d has a name of %d bytes and ends at byte %d, the directory at %d",
                  i,
                  nameLength,
                  next,
                  end));
        }
        String name = name(offset + 46, nameLength, i);
        int flags = u16(offset + 8);
        if (u16(offset + 10) != 0) {
          throw new InputException(
              where,
              StrictJson.clip(name),
              String.format(
                  Locale.ROOT, "is compressed (method %d), expected stored", u16(offset + 10)),
              "save the model with torch.save(model.state_dict(), file), not as TorchScript and not"
                  + " zipped again");
        }
        if ((flags & ~(HAS_DESCRIPTOR | UTF_8)) != 0 || u16(offset + 34) != 0) {
          throw refuse(
              name,
              String.format(
                  Locale.ROOT, "is encrypted, in parts or of no known kind (flags %#x)", flags));
        }
        Extra extra = new Extra(offset + 46 + nameLength, extraLength);
        long size = extra.next(name, u32(offset + 24) & SATURATED);
        long compressed = extra.next(name, u32(offset + 20) & SATURATED);
        long local = extra.next(name, u32(offset + 42) & SATURATED);
        if (size != compressed) {
          throw refuse(
              name,
              String.format(
                  Locale.ROOT, "is stored, but %d bytes are said to be %d", compressed, size));
        }
        headers.add(new Header(name, flags, u32(offset + 16), size, local));
        offset = next;
      }
      if (offset != end) {
        throw refuse(
            "central directory",
            String.format(Locale.ROOT, "%d bytes follow its last entry", end - offset));
      }
      return headers;
    }

    private String name(long offset, int length, long index) {
      byte[] bytes = file.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      } catch (CharacterCodingException e) {
        throw refuse(
            "central directory",
            String.format(Locale.ROOT, "the name of entry %d is not UTF-8", index));
      }
    }

    /** Checks the local header, and what lies between the content and the next header. */
    private Entry entry(Header header, long next) {
      String name = header.name;
      long local = header.local;
      long room = next - local;
      if (room < 30 || u32(local) != LOCAL) {
        throw refuse(name, String.format(Locale.ROOT, "no local header at byte %d", local));
      }
      int nameLength = u16(local + 26);
      int extraLength = u16(local + 28);
      long begin = local + 30 + nameLength + extraLength;
      if (header.size < 0 || begin > next || header.size > next - begin) {
        throw refuse(
            name,
            String.format(
                Locale.ROOT,
                "%s bytes from byte %d on go beyond byte %d, where the next entry begins",
                Long.toUnsignedString(header.size),
                begin,
                next));
      }
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      if (nameLength != bytes.length
          || file.asSlice(local + 30, nameLength).mismatch(MemorySegment.ofArray(bytes)) != -1) {
        throw refuse(name, "has another name in its local header");
      }
      boolean described = (header.flags & HAS_DESCRIPTOR) != 0;
      boolean blank = described && u32(local + 18) == 0 && u32(local + 22) == 0;
      Extra extra = new Extra(local + 30 + nameLength, extraLength);
      boolean equal =
          u16(local + 6) == header.flags
              && u16(local + 8) == 0
              && (u32(local + 14) == header.crc || described && u32(local + 14) == 0)
              && (blank
                  || extra.next(name, u32(local + 22) & SATURATED) == header.size
                      && extra.next(name, u32(local + 18) & SATURATED) == header.size);
      if (!equal) {
        throw refuse(name, "its local header and the central directory do not agree");
      }
      checkDescriptor(header, described, begin + header.size, next);
      return new Entry(name, begin, header.size);
    }

    /** Check sum and sizes after a content: with or without mark, in 32 or 64 bits. */
    private void checkDescriptor(Header header, boolean described, long offset, long next) {
      long length = next - offset;
      boolean marked = length == 16 || length == 24;
      boolean equal =
          described
              ? (marked || length == 12 || length == 20)
                  && descriptor(header, offset, length, marked)
              : length == 0;
      if (!equal) {
        throw refuse(
            header.name,
            String.format(
                Locale.ROOT,
                "the %d bytes between it and the next entry are no description of it",
                length));
      }
    }

    private boolean descriptor(Header header, long offset, long length, boolean marked) {
      long crc = marked ? offset + 4 : offset;
      boolean wide = length >= 20;
      return (!marked || u32(offset) == DESCRIPTOR)
          && u32(crc) == header.crc
          && (wide ? u64(crc + 4) : u32(crc + 4) & SATURATED) == header.size
          && (wide ? u64(crc + 12) : u32(crc + 8) & SATURATED) == header.size;
    }

    /**
     * The zip64 numbers of an entry's extra field; there only for those that do not fit 32 bits.
     */
    private final class Extra {
      private long offset;
      private long end;

      Extra(long begin, int length) {
        long field = begin;
        long last = begin + length;
        // Padding need not be made of fields, so what does not look like one ends the search.
        while (last - field >= 4) {
          int size = u16(field + 2);
          if (size > last - field - 4) {
            return;
          }
          if (u16(field) == 1) {
            offset = field + 4;
            end = offset + size;
            return;
          }
          field += 4 + size;
        }
      }

      long next(String name, long small) {
        if (small != SATURATED) {
          return small;
        }
        if (end - offset < Long.BYTES) {
          throw refuse(name, "a size or place is said to be in zip64, but is not");
        }
        long value = u64(offset);
        offset += Long.BYTES;
        return value;
      }
    }

    private int u16(long offset) {
      return Short.toUnsignedInt(file.get(U16, offset));
    }

    private int u32(long offset) {
      return file.get(U32, offset);
    }

    private long u64(long offset) {
      return file.get(U64, offset);
    }

    private InputException refuse(String field, String problem) {
      return new InputException(where, StrictJson.clip(field), problem, REMEDY);
    }
  }
}
