package dev.homolog.core.intervention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.stream.ProgressListener;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Path ablations against hooks on transformers, which compute the heads themselves. */
class PathAblationTest {
  private static final double TOLERANCE = 1e-4;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void headsAgreeWithHooksOnTransformers(Backend backend) throws IOException {
    Path models = Texts.FAMILY.resolve("models");
    try (Kernels kernels = backend.open(2).kernels()) {
      for (String name :
          List.of("gpt2-untied", "gpt2-inverse-layer", "neox-parallel", "neox-sequential")) {
        check(kernels, models.resolve(name), models.resolve(name), 1);
      }
      if (backend != Backend.SCALAR) {
        check(kernels, Texts.FAMILY.resolve("a"), Texts.FAMILY, 0);
      }
    }
  }

  private void check(Kernels kernels, Path model, Path golden, int eos) throws IOException {
    JsonNode ablations =
        new ObjectMapper()
            .readTree(Texts.FAMILY.resolve("models/interventions.json").toFile())
            .get("ablations");
    assertEquals(3, ablations.size());
    try (var checkpoint = HuggingFaceCheckpoint.open(model);
        var ids = SafetensorsFile.open(golden.resolve("golden.safetensors"));
        var expected = SafetensorsFile.open(golden.resolve("interventions.safetensors"));
        Arena arena = Arena.ofShared()) {
      StoredTensor stored = ids.tensor("input_ids");
      Tensor rows =
          Tensor.wrap(stored.data(), DType.I32, stored.shape().get(0), stored.shape().get(1));
      int context = (int) rows.cols();
      try (Texts texts = Texts.of(folder, rows, checkpoint.config().vocabSize(), eos)) {
        double moved = 0;
        for (int i = 0; i < ablations.size(); i++) {
          JsonNode of = ablations.get(i);
          Positions positions = new Positions(of.get("from").intValue(), of.get("to").intValue());
          PathAblation.Path path =
              new PathAblation.Path(
                  new NeuronId(of.at("/neuron/0").intValue(), of.at("/neuron/1").intValue()),
                  new PathAblation.Head(of.at("/head/0").intValue(), of.at("/head/1").intValue()));
          PathAblation ablation =
              new PathAblation(checkpoint, kernels, arena, rows.size(), positions);
          // A row a batch: where a position lies in the result is part of the test.
          PathAblation.Measured measured =
              ablation
                  .run(path.head().layer(), List.of(path), texts.batches(1), ProgressListener.NONE)
                  .getFirst();
          StoredTensor values = expected.tensor("ablation." + i);
          Tensor wanted = Tensor.wrap(values.data(), values.dtype(), rows.size(), 4);
          float[][] found = {
            measured.zNorm(),
            measured.bosAttention(),
            measured.zNormAblated(),
            measured.bosAttentionAblated()
          };
          int next = 0;
          for (int t = 0; t < rows.size(); t++) {
            if (positions.contains(t % context)) {
              for (int c = 0; c < 4; c++) {
                assertEquals(
                    wanted.get(t, c),
                    found[c][next],
                    TOLERANCE,
                    model + " ablation " + i + " [" + t + ", " + c + "]");
              }
              moved = Math.max(moved, Math.abs(wanted.get(t, 1) - wanted.get(t, 3)));
              next++;
            }
          }
          assertEquals(next, measured.activation().length);
        }
        assertTrue(moved > 5e-3, model + ": ablations do something: " + moved);
      }
    }
  }

  @Test
  void onlyNeuronsBelowAHeadAreOnAPath() {
    var head = new PathAblation.Head(2, 0);
    assertThrows(
        IllegalArgumentException.class, () -> new PathAblation.Path(new NeuronId(2, 1), head));
  }
}
