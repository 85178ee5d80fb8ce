package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text that is not UTF-8, and the mark of text that is. */
class TextHeadTest {
  private static final String SENTENCE = "Die Straße führt über den Fluß nach Süden, café. ";
  private static final String LINE = "{\"text\": \"" + SENTENCE + "\"}\n";

  @TempDir Path folder;

  private Path file(String name, byte[] bytes) throws IOException {
    return Texts.write(folder, name, bytes);
  }

  /** At the beginning of every kind of file, and where files were joined. */
  @Test
  void theMarkOfUtf8IsNoText() throws IOException {
    byte[] mark = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    byte[] marked = Texts.join(mark, Texts.utf8(SENTENCE));
    byte[] lines = Texts.join(mark, Texts.utf8(LINE), mark, Texts.utf8(LINE));
    for (Path path :
        List.of(
            file("a.txt", marked),
            file("a.txt.gz", Texts.gzip(marked)),
            file("a.txt.zst", Texts.zstd(marked)))) {
      assertEquals(List.of(SENTENCE), Texts.texts(path));
    }
    for (Path path :
        List.of(
            file("a.jsonl", lines),
            file("a.json", lines),
            file("a.ndjson.gz", Texts.gzip(lines)),
            file("a.json.zstd", Texts.zstd(lines)))) {
      assertEquals(List.of(SENTENCE, SENTENCE), Texts.texts(path));
    }
    Path list = file("b.json", Texts.join(mark, Texts.utf8("[" + LINE + "," + LINE + "]")));
    assertEquals(2, Texts.read(list).size());
    assertEquals(List.of("a\uFEFFb"), Texts.texts(file("c.txt", Texts.utf8("\uFEFFa\uFEFFb"))));
  }

  @Test
  void otherEncodingsAreNamed() throws IOException {
    for (String encoding : List.of("UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE")) {
      Charset charset = Charset.forName(encoding);
      String remedy = "; convert it with iconv -f " + encoding + " -t UTF-8";
      for (String mark : List.of("\uFEFF", "")) {
        byte[] text = (mark + SENTENCE).getBytes(charset);
        byte[] lines = (mark + LINE.repeat(3)).getBytes(charset);
        for (Path path :
            List.of(
                file("a.txt", text),
                file("a.jsonl", lines),
                file("a.json", lines),
                file("a.jsonl.gz", Texts.gzip(lines)),
                file("a.txt.zst", Texts.zstd(text)))) {
          assertEquals(
              path + ": is " + encoding + ", not UTF-8" + remedy,
              assertThrows(InputException.class, () -> Texts.read(path)).getMessage());
        }
      }
    }
  }

  /** Bytes of Latin-1 above 0x7F are no UTF-8 before a letter or a space. */
  @Test
  void whatCannotBeNamedIsCounted() throws IOException {
    byte[] latin = SENTENCE.getBytes(StandardCharsets.ISO_8859_1);
    Texts.Document document = Texts.read(file("a.txt", latin)).getFirst();
    long beyond = SENTENCE.chars().filter(c -> c > 0x7F).count();
    assertEquals(6, beyond);
    assertEquals(beyond, document.replaced());
    assertEquals(SENTENCE.replaceAll("[^\\x00-\\x7F]", "\uFFFD"), document.text());
  }

  /** Zeros alone are no encoding: UTF-8 may hold them. */
  @Test
  void someZerosAreText() throws IOException {
    String zeros = SENTENCE + "\0".repeat(4096) + SENTENCE;
    assertEquals(List.of(zeros), Texts.texts(file("a.txt", Texts.utf8(zeros))));
    String rare = "\0a\0b ".repeat(3) + SENTENCE.repeat(4);
    assertEquals(List.of(rare), Texts.texts(file("b.txt", Texts.utf8(rare))));
    assertEquals(List.of(""), Texts.texts(file("c.txt", new byte[0])));
    assertEquals(List.of("x"), Texts.texts(file("d.txt", Texts.utf8("x"))));
  }
}
