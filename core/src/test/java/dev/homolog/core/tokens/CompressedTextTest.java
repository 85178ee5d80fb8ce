package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compressed files made byte by byte from the formats' descriptions (RFC 1952, RFC 8878). */
class CompressedTextTest {
  private static final String LINE = "{\"text\": \"x\"}\n";

  @TempDir Path folder;

  /**
   * A member of a gzip file.
   *
   * @param flags of its header
   * @param fields that the flags name
   */
  private static byte[] member(byte[] content, int flags, byte[] fields) {
    Deflater deflater = new Deflater(6, true);
    deflater.setInput(content);
    deflater.finish();
    byte[] packed = new byte[content.length + 64];
    int length = deflater.deflate(packed);
    deflater.end();
    CRC32 sum = new CRC32();
    sum.update(content);
    ByteBuffer trailer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    trailer.putInt((int) sum.getValue()).putInt(content.length);
    byte[] head = {0x1F, (byte) 0x8B, 8, (byte) flags, 0, 0, 0, 0, 0, (byte) 0xFF};
    return Texts.join(head, fields, Arrays.copyOf(packed, length), trailer.array());
  }

  /** Java's own stream calls itself once for each. */
  @Test
  void manyEmptyMembers() throws IOException {
    byte[] empty = member(new byte[0], 0, new byte[0]);
    byte[] line = member(Texts.utf8(LINE), 0, new byte[0]);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(line);
    for (int i = 0; i < 100_000; i++) {
      out.writeBytes(empty);
    }
    out.writeBytes(line);
    assertEquals(2, Texts.read(Texts.write(folder, "a.jsonl.gz", out.toByteArray())).size());
  }

  @Test
  void fieldsOfAHeader() throws IOException {
    byte[] content = Texts.utf8(LINE);
    byte[] name = Texts.utf8("name.jsonl\0");
    byte[] extra = {6, 0, 'B', 'C', 2, 0, 27, 0};
    byte[] all =
        Texts.join(
            member(content, 8, name),
            member(content, 4, extra),
            member(content, 4 | 8 | 16, Texts.join(extra, name, name)));
    assertEquals(3, Texts.read(Texts.write(folder, "a.jsonl.gz", all)).size());
    byte[] summed = member(content, 2, new byte[2]);
    CRC32 sum = new CRC32();
    sum.update(summed, 0, 10);
    summed[10] = (byte) sum.getValue();
    summed[11] = (byte) (sum.getValue() >> 8);
    assertEquals(1, Texts.read(Texts.write(folder, "b.jsonl.gz", summed)).size());
    summed[10]++;
    broken(summed, "Corrupt GZIP header");
    byte[] longest = new byte[70_000];
    Arrays.fill(longest, (byte) 'n');
    longest[longest.length - 1] = 0;
    broken(member(content, 8, longest), "a name in its header has more than 65536 bytes");
    byte[] wrong = member(content, 0, new byte[0]);
    wrong[wrong.length - 1]++;
    broken(wrong, "Corrupt GZIP trailer");
  }

  private void broken(byte[] bytes, String reason) throws IOException {
    Path file = Texts.write(folder, "broken.jsonl.gz", bytes);
    InputException e = assertThrows(InputException.class, () -> Texts.read(file));
    assertEquals("cannot be read: " + reason, e.problem());
  }

  /** A frame of one block as it is; its window is 2 to a power and no more is said of its size. */
  private static byte[] frame(String content, int log) {
    byte[] bytes = Texts.utf8(content);
    int block = bytes.length << 3 | 1; // the last block, not compressed
    byte[] head = {
      0x28,
      (byte) 0xB5,
      0x2F,
      (byte) 0xFD,
      0,
      (byte) (log - 10 << 3),
      (byte) block,
      (byte) (block >> 8),
      (byte) (block >> 16)
    };
    return Texts.join(head, bytes);
  }

  @Test
  void windows() throws IOException {
    for (int log = 20; log <= 31; log++) {
      Path file = Texts.write(folder, log + ".jsonl.zst", frame(LINE, log));
      TextFiles files = TextFiles.of(List.of(file));
      assertEquals(1, Texts.read(files.withWindow(1L << log)).size());
      long less = (1L << log) - 1;
      assertEquals(
          file
              + ": its window has more than the "
              + less
              + " bytes that are free for it; raise --memory, or compress it again without --long",
          assertThrows(InputException.class, () -> Texts.read(files.withWindow(less)))
              .getMessage());
    }
  }

  @Test
  void aDictionaryIsNamed() throws IOException {
    byte[] frame = frame(LINE, 20);
    byte[] named =
        Texts.join(
            Arrays.copyOf(frame, 4),
            new byte[] {1, frame[5], 77},
            Arrays.copyOfRange(frame, 6, frame.length));
    Path file = Texts.write(folder, "a.jsonl.zst", named);
    assertEquals(
        file
            + ": compressed with a dictionary, which is not in the file; compress it again without"
            + " one",
        assertThrows(InputException.class, () -> Texts.read(file)).getMessage());
  }
}
