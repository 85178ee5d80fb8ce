package dev.homolog.analysis.correlation;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.state.CheckpointFolder;
import dev.homolog.analysis.state.Identity;
import dev.homolog.analysis.state.Position;
import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Points of convergence that no run has saved are refused. Batches end after 4, 8, 12 … */
class ConvergenceStateTest {
  private static final int TOTAL = 100;

  @TempDir Path folder;

  private void restore(long... points) {
    Identity identity = new Identity();
    CheckpointFolder state = new CheckpointFolder(folder);
    try (Kernels kernels = Backend.SCALAR.open(1).kernels()) {
      state.write(
          kernels,
          identity,
          new Position(1, 3, 0, 12, 0),
          to -> {
            to.put("passes", 1L);
            to.in("pass0").put("tokens", points);
            for (int i = 0; i < points.length; i++) {
              to.in("pass0").in("point" + i).put("best", new double[][] {{0.5, 0.25, 0.125}});
              to.in("pass0").in("point" + i).put("draws", List.of());
            }
          });
    }
    try (CheckpointFolder.Saved saved = state.last(identity).orElseThrow()) {
      new Convergence.Builder(TOTAL).restore(saved.numbers(), 1, tokens -> tokens % 4 == 0);
    }
  }

  private void refused(long point, long... points) {
    InputException e = assertThrows(InputException.class, () -> restore(points));
    assertTrue(
        e.getMessage().contains("pass0.tokens: has " + point + ", where no batch of this run ends"),
        e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }

  @Test
  void pointsAreBatchEndsInOrder() {
    assertDoesNotThrow(() -> restore(4, 12));
    refused(7, 4, 7);
    refused(0, 0, 4);
    refused(4, 8, 4);
    refused(104, 4, 104);
    refused(-4, -4);
  }
}
