package dev.homolog.core.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** Writes a zip file of stored entries, every field of which a test may make untrue. */
final class StoredZip {
  private final List<Entry> entries = new ArrayList<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  int begin;
  int count = -1;
  int directory = -1;
  byte[] comment = {};
  byte[] hole = {};

  /** An entry with what its two headers say of it. */
  static final class Entry {
    final String name;
    final byte[] content;
    String localName;
    int method;
    int flags;
    int localFlags = -1;
    long size;
    long compressed;
    long localSize;
    long local = -1;
    byte[] extra = {};

    Entry(String name, byte[] content) {
      this.name = name;
      this.localName = name;
      this.content = content;
      this.size = content.length;
      this.compressed = content.length;
      this.localSize = content.length;
    }
  }

  Entry add(String name, byte[] content) {
    Entry entry = new Entry(name, content);
    entries.add(entry);
    return entry;
  }

  byte[] bytes() {
    out.reset();
    out.writeBytes(new byte[begin]);
    List<Integer> places = new ArrayList<>();
    for (Entry e : entries) {
      places.add(out.size());
      byte[] name = e.localName.getBytes(StandardCharsets.UTF_8);
      put(4, 0x04034b50).put(2, 20).put(2, e.localFlags < 0 ? e.flags : e.localFlags);
      put(2, e.method).put(4, 0).put(4, crc(e.content)).put(4, e.localSize).put(4, e.localSize);
      put(2, name.length).put(2, 0);
      out.writeBytes(name);
      out.writeBytes(e.content);
    }
    out.writeBytes(hole);
    int start = out.size();
    for (int i = 0; i < entries.size(); i++) {
      Entry e = entries.get(i);
      byte[] name = e.name.getBytes(StandardCharsets.UTF_8);
      put(4, 0x02014b50).put(2, 20).put(2, 20).put(2, e.flags).put(2, e.method).put(4, 0);
      put(4, crc(e.content)).put(4, e.compressed).put(4, e.size).put(2, name.length);
      put(2, e.extra.length).put(2, 0).put(2, 0).put(2, 0).put(4, 0);
      put(4, e.local < 0 ? places.get(i) : e.local);
      out.writeBytes(name);
      out.writeBytes(e.extra);
    }
    int size = out.size() - start;
    int n = count < 0 ? entries.size() : count;
    put(4, 0x06054b50).put(2, 0).put(2, 0).put(2, n).put(2, n).put(4, size);
    put(4, directory < 0 ? start : directory).put(2, comment.length);
    out.writeBytes(comment);
    return out.toByteArray();
  }

  private StoredZip put(int width, long value) {
    byte[] bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    out.write(bytes, 0, width);
    return this;
  }

  private static long crc(byte[] content) {
    CRC32 crc = new CRC32();
    crc.update(content);
    return crc.getValue();
  }
}
