package dev.homolog.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints twice as large as the heap of the tests are opened without their contents. */
class SparseCheckpointTest {
  @TempDir Path folder;

  @Test
  void shardsOfGpt2XlAreOpened() throws IOException {
    SparseCheckpoint.writeShardedSafetensors(folder);
    assertOpens(4);
  }

  @Test
  void binOfGpt2XlIsOpened() throws IOException {
    SparseCheckpoint.writeBin(folder);
    assertTrue(Files.size(folder.resolve("pytorch_model.bin")) > 6_400_000_000L);
    assertOpens(1);
  }

  private void assertOpens(int files) throws IOException {
    try (var list = Files.list(folder)) {
      List<Path> weights =
          list.filter(f -> f.toString().matches(".*\\.(bin|safetensors)")).toList();
      assertEquals(files, weights.size());
    }
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      assertEquals(4 + 48 * 12, checkpoint.names().size());
      StoredTensor last = checkpoint.tensor("h.47.mlp.c_proj.weight");
      assertEquals(List.of(6400L, 1600L), last.shape());
      assertEquals(0, last.data().get(ValueLayout.JAVA_BYTE, last.data().byteSize() - 1));
    }
  }
}
