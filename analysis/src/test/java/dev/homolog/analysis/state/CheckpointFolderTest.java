package dev.homolog.analysis.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.HomologException;
import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever fails while a checkpoint is written, the one before it or the new one can be read. */
class CheckpointFolderTest {
  private static final Identity RUN = new Identity().put("--seed", 5).put("the text", "abc");
  private static final Kernels KERNELS = Backend.SCALAR.open(1).kernels();

  @TempDir Path root;

  private static Position position(long seen) {
    return new Position(3, 40, 1, seen, 2.5);
  }

  /** A checkpoint whose numbers tell its position. */
  private static void write(CheckpointFolder folder, long seen) {
    folder.write(
        KERNELS,
        RUN,
        position(seen),
        state -> {
          state.put("list", new double[] {seen, Double.NaN, -0.0});
          state.in("room").put("whole", seen, seen + 1);
          state.in("room").put("blocks", List.<double[][]>of(new double[][] {{seen, 1}, {2, 3}}));
        });
  }

  private static long seen(CheckpointFolder folder) {
    try (CheckpointFolder.Saved saved = folder.last(RUN).orElseThrow()) {
      long seen = saved.position().seen();
      assertEquals(position(seen), saved.position());
      double[] list = new double[3];
      saved.numbers().read("list", list);
      assertArrayEquals(new double[] {seen, Double.NaN, -0.0}, list);
      StateReader room = saved.numbers().in("room");
      assertArrayEquals(new long[] {seen, seen + 1}, room.list("whole", 2));
      assertArrayEquals(new double[] {seen, 1}, room.blocks("blocks", 1, 2, 2).getFirst()[0]);
      return seen;
    }
  }

  @Test
  void theLastOfTwoIsRead() throws IOException {
    Path path = root.resolve("state");
    CheckpointFolder folder = new CheckpointFolder(path);
    assertEquals(Optional.empty(), folder.last(RUN));
    for (int i = 1; i <= 4; i++) {
      write(folder, i);
      assertEquals(i, seen(folder));
      try (var files = Files.list(path)) {
        assertEquals(Math.min(2, i) * 2, files.count()); // two files each, two checkpoints at most
      }
    }
    folder.remove();
    assertFalse(Files.exists(path));
  }

  /** Every call of the disk fails once: what was saved is there, or what was being saved. */
  @Test
  void everyFaultLeavesAWholeCheckpoint() throws IOException {
    int calls = callsOfAWrite();
    assertTrue(calls > 12, calls + " calls");
    for (int failing = 1; failing <= calls; failing++) {
      Path path = root.resolve("fault" + failing);
      write(new CheckpointFolder(path), 7);
      write(new CheckpointFolder(path), 8);
      CheckpointFolder faulty = new CheckpointFolder(path, new FaultyDisk(path, failing));
      HomologException e = assertThrows(HomologException.class, () -> write(faulty, 9));
      assertTrue(
          e.getMessage().contains("the disk failed at call " + failing + "); make room"),
          e.getMessage());
      long seen = seen(new CheckpointFolder(path));
      assertTrue(seen == 8 || (seen == 9 && failing == calls), failing + ": " + seen);
      write(new CheckpointFolder(path), 10); // and the run can go on from there
      assertEquals(10, seen(new CheckpointFolder(path)));
    }
  }

  private int callsOfAWrite() throws IOException {
    Path path = root.resolve("counted");
    write(new CheckpointFolder(path), 7);
    write(new CheckpointFolder(path), 8);
    FaultyDisk disk = new FaultyDisk(path, 0);
    write(new CheckpointFolder(path, disk), 9);
    return disk.calls();
  }

  /** Power goes before each call; what was not forced is lost in each of four ways. */
  @Test
  void everyLossOfPowerLeavesAWholeCheckpoint() throws IOException {
    int calls = callsOfAWrite();
    for (int failing = 1; failing <= calls; failing++) {
      Path path = root.resolve("power" + failing);
      write(new CheckpointFolder(path), 7);
      write(new CheckpointFolder(path), 8);
      FaultyDisk disk = new FaultyDisk(path, failing);
      assertThrows(HomologException.class, () -> write(new CheckpointFolder(path, disk), 9));
      for (FaultyDisk.Loss loss : FaultyDisk.Loss.values()) {
        Path found = root.resolve("found" + failing + loss);
        disk.copyAfter(loss, found);
        long seen = seen(new CheckpointFolder(found));
        assertTrue(seen == 8 || seen == 9, failing + " " + loss + ": " + seen);
      }
    }
    // and when all went well, nothing is lost at all
    Path path = root.resolve("well");
    write(new CheckpointFolder(path), 8);
    FaultyDisk disk = new FaultyDisk(path, 0);
    write(new CheckpointFolder(path, disk), 9);
    disk.copyAfter(FaultyDisk.Loss.ALL, root.resolve("all"));
    assertEquals(9, seen(new CheckpointFolder(root.resolve("all"))));
  }

  @Test
  void aDamagedOneIsPassedOver() throws IOException {
    Path path = root.resolve("state");
    write(new CheckpointFolder(path), 7);
    write(new CheckpointFolder(path), 8);
    Path data = path.resolve("checkpoint-2.safetensors");
    byte[] bytes = Files.readAllBytes(data);
    bytes[bytes.length - 1] ^= 1;
    Files.write(data, bytes);
    assertEquals(7, seen(new CheckpointFolder(path)));
    Files.writeString(path.resolve("checkpoint-1.json"), "{");
    InputException e =
        assertThrows(InputException.class, () -> new CheckpointFolder(path).last(RUN));
    assertEquals(
        path
            + ": holds no checkpoint that is whole; choose another --out, or remove this folder and"
            + " begin anew",
        e.getMessage());
  }

  @Test
  void anotherRunIsRefusedByWhatDiffers() {
    Path path = root.resolve("state");
    write(new CheckpointFolder(path), 7);
    List<String> problems = new ArrayList<>();
    for (Identity other :
        List.of(
            new Identity().put("--seed", 6).put("the text", "abc"),
            new Identity().put("--seed", 5).put("the text", "abc").put("--top", 3),
            new Identity().put("--seed", 5))) {
      problems.add(
          assertThrows(InputException.class, () -> new CheckpointFolder(path).last(other))
              .problem());
    }
    assertEquals(
        List.of(
            "is of another run: --seed was 5 and is 6",
            "is of another run: --top was not given and is 3",
            "is of another run: the text was abc and is not given"),
        problems);
  }

  @Test
  void whatIsNotThereIsRefused() {
    Path path = root.resolve("state");
    write(new CheckpointFolder(path), 7);
    try (CheckpointFolder.Saved saved = new CheckpointFolder(path).last(RUN).orElseThrow()) {
      StateReader numbers = saved.numbers();
      InputException e =
          assertThrows(InputException.class, () -> numbers.read("list", new double[4]));
      assertEquals(
          path.resolve("checkpoint-1.safetensors")
              + ": list: is F64[1, 3], not F64[1, 4]; choose another --out, or remove this folder"
              + " and begin anew",
          e.getMessage());
      assertThrows(InputException.class, () -> numbers.in("room").number("missing"));
      assertThrows(InputException.class, () -> numbers.in("room").list("whole", 1));
      assertThrows(InputException.class, () -> numbers.in("room").blocks("blocks", 0, 2, 2));
      try (Arena arena = Arena.ofConfined()) {
        Tensor like = Tensor.allocate(arena, DType.F32, 1, 3);
        assertThrows(InputException.class, () -> numbers.tensors(Map.of("list", like)));
      }
    }
  }
}
