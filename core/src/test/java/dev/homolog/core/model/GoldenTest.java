package dev.homolog.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every site of every layer and the logits of family model a against PyTorch in float32. */
@Tag("kernels")
class GoldenTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  private static final double TOLERANCE = 1e-4;

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void sitesAndLogitsAgreeWithPyTorch(Backend backend) {
    try (Kernels kernels = backend.open(2).kernels();
        var checkpoint = HuggingFaceCheckpoint.open(FAMILY.resolve("a"));
        var golden = SafetensorsFile.open(FAMILY.resolve("golden.safetensors"));
        Arena arena = Arena.ofShared()) {
      assertEquals(backend.toString(), kernels.name());
      ModelConfig config = checkpoint.config();
      StoredTensor ids = golden.tensor("input_ids"); // [2, 32]
      int context = ids.shape().get(1).intValue();
      long tokens = ids.elements();
      DType dtype = kernels.working();
      Activations out =
          new Activations(
              kernels.allocate(arena, dtype, tokens, config.neurons()),
              kernels.allocate(arena, dtype, tokens, config.neurons()),
              kernels.allocate(arena, dtype, tokens, config.vocabSize()));
      Transformer model = Transformer.of(checkpoint, kernels, arena, tokens);
      Tensor column = Tensor.wrap(ids.data(), DType.I32, tokens, 1);
      model.forward(column, context, out);
      for (int layer = 0; layer < config.layers(); layer++) {
        Tensor pre = Activations.layer(out.pre(), layer, config.dMlp());
        Tensor post = Activations.layer(out.post(), layer, config.dMlp());
        assertClose(golden, "mlp_pre." + layer, pre);
        assertClose(golden, "mlp_post." + layer, post);
      }
      assertClose(golden, "logits", out.logits());
      Tensor pre = kernels.allocate(arena, dtype, tokens, config.neurons());
      model.forward(column, context, Activations.sites(pre, null));
      for (long t = 0; t < tokens; t++) {
        for (long j = 0; j < pre.cols(); j++) {
          assertEquals(out.pre().get(t, j), pre.get(t, j), 0, "what is read changes nothing");
        }
      }
    }
  }

  private static void assertClose(SafetensorsFile golden, String name, Tensor actual) {
    StoredTensor stored = golden.tensor(name);
    Tensor expected = Tensor.wrap(stored.data(), stored.dtype(), actual.rows(), actual.cols());
    assertEquals(stored.elements(), actual.size(), name);
    double worst = 0;
    for (long t = 0; t < actual.rows(); t++) {
      for (long j = 0; j < actual.cols(); j++) {
        worst = Math.max(worst, Math.abs(expected.get(t, j) - actual.get(t, j)));
      }
    }
    assertTrue(worst <= TOLERANCE, name + " differs by " + worst);
  }
}
