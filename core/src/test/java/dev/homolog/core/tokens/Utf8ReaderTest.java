package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broken UTF-8 becomes what Python's {@code errors="replace"} makes of it, and counts as often. */
class Utf8ReaderTest {
  private static final JsonNode GOLDEN = Golden.read("utf8.json");
  private static final byte[] BYTES = HexFormat.of().parseHex(GOLDEN.get("bytes").textValue());

  @TempDir Path folder;

  private static byte[] stream(int first) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte b : BYTES) {
      for (byte c : BYTES) {
        for (byte d : BYTES) {
          out.writeBytes(new byte[] {BYTES[first], b, c, d, '|'});
        }
      }
    }
    return out.toByteArray();
  }

  /** All of them are longer than any buffer, in whose middle and at whose end sequences are cut. */
  private static byte[] all() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int first = 0; first < BYTES.length; first++) {
      out.writeBytes(stream(first));
    }
    return out.toByteArray();
  }

  @Test
  void everySequenceOfFour() throws IOException {
    for (int first = 0; first < BYTES.length; first++) {
      same(GOLDEN.get("streams").get(first), stream(first), Integer.MAX_VALUE);
    }
  }

  @Test
  void cutAnywhere() throws IOException {
    byte[] all = all();
    for (int most : new int[] {Integer.MAX_VALUE, 1, 7, 4093}) {
      same(GOLDEN.get("all"), all, most);
    }
  }

  @Test
  void inFilesOfText() throws IOException {
    same(GOLDEN.get("all"), pieces(Files.write(folder.resolve("a.txt"), all())));
  }

  @Test
  void insideJson() throws IOException {
    same(GOLDEN.get("all"), pieces(line(all())));
    for (JsonNode golden : GOLDEN.get("json")) {
      Text text = pieces(line(HexFormat.of().parseHex(golden.get("body").textValue())));
      String name = golden.get("body").textValue();
      assertEquals(golden.get("text").textValue(), text.text, name);
      assertEquals(golden.get("replaced").longValue(), text.replaced, name);
    }
  }

  private Path line(byte[] body) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("{\"text\": \"".getBytes(StandardCharsets.UTF_8));
    out.writeBytes(body);
    out.writeBytes("\", \"meta\": {\"pile_set_name\": \"x\"}}\n".getBytes(StandardCharsets.UTF_8));
    return Files.write(folder.resolve("a.jsonl"), out.toByteArray());
  }

  private record Text(String text, long replaced) {}

  private static Text pieces(Path file) {
    StringBuilder text = new StringBuilder();
    long replaced = 0;
    try (Documents documents =
        Documents.of(TextFiles.of(java.util.List.of(file)), TextBuffer.Cuts.NONE)) {
      for (Optional<Piece> p = documents.next(); p.isPresent(); p = documents.next()) {
        text.append(p.get().text());
        replaced += p.get().replaced();
      }
    }
    return new Text(text.toString(), replaced);
  }

  private static void same(JsonNode golden, byte[] bytes, int most) throws IOException {
    TextBuffer buffer = new TextBuffer(TextBuffer.Cuts.NONE, Long.MAX_VALUE);
    try (Utf8Reader reader = new Utf8Reader(trickle(bytes, most))) {
      for (int c = reader.next(); c != Utf8Reader.END; c = reader.next()) {
        buffer.add((char) c);
      }
      assertEquals(Utf8Reader.END, reader.peek());
    }
    same(golden, new Text(buffer.rest(), buffer.replaced()));
  }

  private static void same(JsonNode golden, Text text) {
    byte[] utf8 = text.text.getBytes(StandardCharsets.UTF_8);
    String hash = HexFormat.of().formatHex(TokenizerEngine.sha256().digest(utf8));
    assertEquals(golden.get("replaced").longValue(), text.replaced);
    assertEquals(golden.get("sha256").textValue(), hash);
  }

  /** Gives at most so many bytes at once. */
  private static InputStream trickle(byte[] bytes, int most) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] into, int offset, int length) {
        return super.read(into, offset, Math.min(length, most));
      }
    };
  }
}
