package dev.homolog.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.npy.NpyFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Models as transformers 4.20, 4.36, 4.45 and 5 save them, with heads of every kind, in files of
 * every kind and type. {@code bench/save_forms.py} made them, with the activations of the version
 * that saved each; it checks all forms.
 */
class SavedByTransformersTest {
  private static final Path FORMS =
      Path.of(System.getProperty("homolog.testResources")).resolve("forms");
  private static final double TOLERANCE = 1e-5;

  private static List<Path> forms() throws IOException {
    try (Stream<Path> folders = Files.list(FORMS)) {
      return folders.filter(Files::isDirectory).sorted().toList();
    }
  }

  @Test
  void everyFormHasTheActivationsOfTheVersionThatSavedIt() throws IOException {
    assertEquals(19, forms().size());
    try (Kernels kernels = Backend.SCALAR.open(1).kernels()) {
      for (Path form : forms()) {
        double worst = difference(kernels, form);
        assertTrue(worst <= TOLERANCE, form + " differs by " + worst);
      }
    }
  }

  /** Heads beside the model are named as each version names them; buffers are not. */
  @Test
  void whatStandsBesideTheModelIsKnown() throws IOException {
    Set<String> beside = new LinkedHashSet<>();
    Set<String> headless = new LinkedHashSet<>();
    for (Path form : forms()) {
      try (var checkpoint = HuggingFaceCheckpoint.open(form)) {
        assertEquals("", checkpoint.notes().prefix());
        assertTrue(checkpoint.notes().absentIds().isEmpty());
        beside.addAll(checkpoint.notes().passedOver());
        if (!checkpoint.hasUnembedding()) {
          headless.add(form.getFileName().toString());
        }
      }
    }
    assertEquals(
        Set.of(
            "score.weight",
            "classifier.weight",
            "classifier.bias",
            "qa_outputs.weight",
            "qa_outputs.bias",
            "multiple_choice_head.summary.weight",
            "multiple_choice_head.summary.bias"),
        beside);
    assertEquals(
        Set.of(
            "4.20-neox-base-bin-f32",
            "4.36-neox-seq-safetensors-bf16",
            "4.45-neox-token-safetensors-f32",
            "4.45-neox-qa-bin-f32",
            "5-neox-base-safetensors-f32"),
        headless);
  }

  /** The largest difference of any activation after the non-linearity. */
  private static double difference(Kernels kernels, Path form) {
    try (var checkpoint = HuggingFaceCheckpoint.open(form);
        NpyFile ids = NpyFile.open(form.resolve("ids.npy")); // [rows, context]
        NpyFile golden = NpyFile.open(form.resolve("post.npy")); // [layers, rows, context, d_mlp]
        Arena arena = Arena.ofShared()) {
      ModelConfig config = checkpoint.config();
      long tokens = ids.elements();
      Tensor post = kernels.allocate(arena, kernels.working(), tokens, config.neurons());
      Transformer model = Transformer.of(checkpoint, kernels, arena, tokens);
      int context = ids.shape().get(1).intValue();
      Tensor rows = Tensor.wrap(ids.data(), DType.I32, tokens, 1);
      model.forward(rows, context, new Activations(null, post, null));
      long all = config.layers() * tokens;
      Tensor expected = Tensor.wrap(golden.data(), DType.F32, all, config.dMlp());
      double worst = 0;
      for (long row = 0; row < all; row++) {
        for (int j = 0; j < config.dMlp(); j++) {
          long column = row / tokens * config.dMlp() + j;
          double found = post.get(row % tokens, column);
          worst = Math.max(worst, Math.abs(expected.get(row, j) - found));
        }
      }
      return worst;
    }
  }
}
