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
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every site of every layer and the logits of tiny models against transformers in float32: GPT-NeoX
 * and GPT-2 with each of their switches, in each type and form of file. test-resources/scripts/
 * model_variants.py made them.
 */
@Tag("kernels")
class VariantsTest {
  private static final Path MODELS =
      Path.of(System.getProperty("homolog.testResources")).resolve("models");
  private static final double TOLERANCE = 1e-4;

  private static List<Path> models() throws IOException {
    try (Stream<Path> folders = Files.list(MODELS)) {
      return folders.filter(Files::isDirectory).sorted().toList();
    }
  }

  @Test
  void allAreThere() throws IOException {
    assertEquals(19, models().size());
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void sitesAndLogitsAgreeWithTransformers(Backend backend) throws IOException {
    try (Kernels kernels = backend.open(2).kernels()) {
      for (Path model : models()) {
        double difference = difference(kernels, model);
        assertTrue(difference <= TOLERANCE, model + " differs by " + difference);
      }
    }
  }

  /** The largest difference of any site of any layer or of a logit. */
  private static double difference(Kernels kernels, Path folder) {
    try (var checkpoint = HuggingFaceCheckpoint.open(folder);
        var golden = SafetensorsFile.open(folder.resolve("golden.safetensors"));
        Arena arena = Arena.ofShared()) {
      ModelConfig config = checkpoint.config();
      StoredTensor ids = golden.tensor("input_ids"); // [2, 12]
      long tokens = ids.elements();
      Activations out =
          new Activations(
              kernels.allocate(arena, kernels.working(), tokens, config.neurons()),
              kernels.allocate(arena, kernels.working(), tokens, config.neurons()),
              kernels.allocate(arena, kernels.working(), tokens, config.vocabSize()));
      Transformer model = Transformer.of(checkpoint, kernels, arena, tokens);
      int context = ids.shape().get(1).intValue();
      model.forward(Tensor.wrap(ids.data(), DType.I32, tokens, 1), context, out);
      double worst = difference(golden, "logits", out.logits());
      for (int layer = 0; layer < config.layers(); layer++) {
        Tensor pre = Activations.layer(out.pre(), layer, config.dMlp());
        Tensor post = Activations.layer(out.post(), layer, config.dMlp());
        worst = Math.max(worst, difference(golden, "mlp_pre." + layer, pre));
        worst = Math.max(worst, difference(golden, "mlp_post." + layer, post));
      }
      return worst;
    }
  }

  private static double difference(SafetensorsFile golden, String name, Tensor actual) {
    StoredTensor stored = golden.tensor(name);
    Tensor expected = Tensor.wrap(stored.data(), stored.dtype(), actual.rows(), actual.cols());
    assertEquals(stored.elements(), actual.size(), name);
    double worst = 0;
    for (long t = 0; t < actual.rows(); t++) {
      for (long j = 0; j < actual.cols(); j++) {
        worst = Math.max(worst, Math.abs(expected.get(t, j) - actual.get(t, j)));
      }
    }
    return worst;
  }
}
