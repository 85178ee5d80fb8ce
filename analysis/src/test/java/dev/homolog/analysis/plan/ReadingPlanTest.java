package dev.homolog.analysis.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.input.Inputs;
import dev.homolog.analysis.input.Limits;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.measure.Cost.Part;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import dev.homolog.core.stream.ProgressListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text in a zstd file whose window takes much memory. */
class ReadingPlanTest {
  private static final Path MODEL = Path.of(System.getProperty("homolog.testResources"), "a");
  private static final long MIB = 1L << 20;

  @TempDir Path folder;

  /** A frame (RFC 8878) of one block that is not compressed; its window is 2 to a power. */
  private Path file(int log) throws IOException {
    byte[] text =
        "Some words of a text, again and again.\n".repeat(40).getBytes(StandardCharsets.UTF_8);
    int block = text.length << 3 | 1;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD, 0, (byte) (log - 10 << 3)});
    out.writeBytes(new byte[] {(byte) block, (byte) (block >> 8), (byte) (block >> 16)});
    out.writeBytes(text);
    return Files.write(folder.resolve("w" + log + ".txt.zst"), out.toByteArray());
  }

  private static TokenInput text(Path file) {
    return TokenInput.text(file).withContext(16);
  }

  /** 200 MiB held, 60 of the JVM, 32 of the heap and the window. */
  @Test
  void theWindowIsALine() throws IOException {
    MemoryBounds bounds = new MemoryBounds(200 * MIB, 10_000 * MIB, 0, 0, 0);
    ReadingPlan plan = Limits.reading(text(file(31)), OptionalLong.empty(), bounds);
    assertEquals(new Part("zstd window", 2048 * MIB), plan.parts().getLast());
    assertEquals((200 + 60 + 32 + 2048) * MIB, plan.bytes());
    assertEquals(plan, Limits.reading(text(file(31)), OptionalLong.of(2340 * MIB), bounds));
    assertEquals(
        ReadingPlan.SMALL, Limits.reading(text(file(23)), OptionalLong.of(200 * MIB), bounds));
  }

  @Test
  void whatIsTooSmallIsRefusedByName() throws IOException {
    MemoryBounds bounds = new MemoryBounds(200 * MIB, 1000 * MIB, 0, 0, 0);
    TokenInput input = text(file(31));
    String less = ", or compress " + input.text().getFirst() + " again without --long";
    var said =
        assertThrows(
            InputException.class,
            () -> Limits.reading(input, OptionalLong.of(2340 * MIB - 1), bounds));
    assertEquals(
        "--memory: 2,453,667,839 bytes, but the study needs 2,453,667,840; give --memory 2453667840"
            + less,
        said.getMessage());
    var free =
        assertThrows(
            InputException.class, () -> Limits.reading(input, OptionalLong.empty(), bounds));
    assertEquals(
        "memory: 996,147,200 bytes are free, but the study needs 2,243,952,640; close other"
            + " programs or take a larger machine"
            + less,
        free.getMessage());
  }

  /** The passes begin when it is gone, so the larger of the two is the most. */
  @Test
  void itIsNotAddedToThePasses() {
    ReadingPlan reading = new ReadingPlan(List.of(new Part("zstd window", 50)));
    for (long passes : List.of(40L, 60L)) {
      Plan plan =
          new Plan(1, 1, List.of(new Part("weights", passes)), passes, 0, List.of(), Double.NaN);
      assertEquals(Math.max(50, passes), plan.after(reading).hostBytes());
      assertEquals(plan.parts(), plan.after(reading).parts());
      assertEquals(reading, plan.after(reading).withSeconds(1).reading());
    }
  }

  @Test
  void aRunReadsItsText() throws IOException {
    try (Inputs inputs = Inputs.open(List.of(MODEL), text(file(24)), false)) {
      inputs.read(OptionalLong.empty(), DType.F32, ProgressListener.NONE, new Phases()).close();
      assertEquals(new Part("zstd window", 16 * MIB), inputs.reading().parts().getLast());
    }
    try (Inputs inputs = Inputs.open(List.of(MODEL), text(file(31)), false)) {
      var refused =
          assertThrows(
              InputException.class,
              () ->
                  inputs.read(
                      OptionalLong.of(2048 * MIB), DType.F32, ProgressListener.NONE, new Phases()));
      assertTrue(
          refused.getMessage().startsWith("--memory: 2,147,483,648 bytes, but the study needs"));
    }
  }
}
