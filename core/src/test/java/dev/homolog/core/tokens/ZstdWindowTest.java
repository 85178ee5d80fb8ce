package dev.homolog.core.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.github.luben.zstd.ZstdCompressCtx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Windows of headers written from RFC 8878, and of files that zstd made. */
class ZstdWindowTest {
  private static final String FRAME = "28b52ffd";

  @TempDir Path folder;

  private Optional<Long> window(String hex) throws IOException {
    Path file = folder.resolve("a.jsonl.zst");
    Files.write(file, HexFormat.of().parseHex(hex));
    return ZstdWindow.of(file).map(ZstdWindow::bytes);
  }

  @Test
  void headers() throws IOException {
    assertEquals(Optional.of(1L << 10), window(FRAME + "0000"));
    assertEquals(Optional.of(1L << 31), window(FRAME + "00a8"));
    // Exponent 17 and mantissa 5: 2^27 and five eighths of it.
    assertEquals(Optional.of((1L << 27) * 13 / 8), window(FRAME + "008d"));
    // A single segment is held whole: one byte, two and 256, four, eight; then behind a dictionary.
    assertEquals(Optional.of(0x7fL), window(FRAME + "207f"));
    assertEquals(Optional.of(0x0201L + 256), window(FRAME + "600102"));
    assertEquals(Optional.of(0x40000000L), window(FRAME + "a000000040"));
    assertEquals(Optional.of(1L << 32), window(FRAME + "e00000000001000000"));
    assertEquals(Optional.of(Long.MAX_VALUE), window(FRAME + "e0ffffffffffffffff"));
    assertEquals(Optional.of(0x40000000L), window(FRAME + "a3" + "01020304" + "00000040"));
  }

  @Test
  void framesThatAreSkipped() throws IOException {
    String skipped = "5f2a4d18" + "03000000" + "aabbcc";
    assertEquals(Optional.of(1L << 31), window(skipped + skipped + FRAME + "00a8"));
    assertEquals(Optional.empty(), window(skipped));
  }

  @Test
  void whatIsNoFrameHasNone() throws IOException {
    assertEquals(Optional.empty(), window("1f8b0800"));
    assertEquals(Optional.empty(), window(""));
    assertEquals(Optional.empty(), window(FRAME + "00"));
    assertEquals(Optional.empty(), ZstdWindow.of(folder.resolve("none.zst")));
  }

  /** Without a size said, the window of a file is that of the compressor. */
  @Test
  void filesThatZstdMade() throws IOException {
    for (int log = 10; log <= 25; log += 5) {
      try (ZstdCompressCtx context = new ZstdCompressCtx()) {
        byte[] packed = context.setContentSize(false).setLong(log).compress(new byte[3 << log]);
        Path file = Texts.write(folder, log + ".txt.zst", packed);
        assertEquals(Optional.of(1L << log), ZstdWindow.of(file).map(ZstdWindow::bytes));
      }
    }
  }

  @Test
  void theLargestCounts() throws IOException {
    Path small = Texts.write(folder, "s.txt.zst", HexFormat.of().parseHex(FRAME + "0000"));
    Path large = Texts.write(folder, "l.txt.zst", HexFormat.of().parseHex(FRAME + "00a8"));
    Path plain = Texts.write(folder, "p.txt", Files.readAllBytes(large));
    assertEquals(
        Optional.of(new ZstdWindow(large, 1L << 31)),
        TextFiles.of(Arrays.asList(small, large, plain)).largestWindow());
    assertEquals(Optional.empty(), TextFiles.of(List.of(plain)).largestWindow());
  }
}
