package dev.homolog.analysis.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.analysis.RunListener;
import dev.homolog.analysis.WeightStudy;
import dev.homolog.analysis.measure.Phases;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.SafetensorsWriter;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Processing;
import dev.homolog.core.stream.ProgressListener;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Weights in double precision that single precision does not hold are found before text is read.
 */
class EarlyWeightsTest {
  private static final Path MODEL = Path.of(System.getProperty("homolog.testResources"), "a");
  private static final String REFUSED =
      ": element [2] is 1.0E300, beyond single precision; use --backend scalar, which computes in"
          + " double";

  @TempDir Path folder;

  /** The model with its last gains in double, one of them beyond single precision. */
  private Path model() throws IOException {
    Path model = Files.createDirectories(folder.resolve("model"));
    for (String name : List.of("config.json", "tokenizer.json")) {
      Files.copy(MODEL.resolve(name), model.resolve(name));
    }
    SafetensorsWriter writer = new SafetensorsWriter(model.resolve("model.safetensors"));
    try (Arena arena = Arena.ofConfined();
        SafetensorsFile file = SafetensorsFile.open(MODEL.resolve("model.safetensors"))) {
      file.tensors()
          .forEach((name, tensor) -> {
            if (name.endsWith("ln_f.weight")) {
              Tensor gains = Tensor.allocate(arena, DType.F64, 1, tensor.elements());
              gains.fill(1);
              gains.set(0, 2, 1e300);
              writer.tensor(name, DType.F64, tensor.shape(), gains.data());
            } else {
              writer.tensor(name, tensor.dtype(), tensor.shape(), tensor.data());
            }
          });
      writer.write();
    }
    return model;
  }

  @Test
  void beforeText() throws IOException {
    Path model = model();
    Path text = Files.writeString(folder.resolve("broken.jsonl"), "{\"text\": \"x\"}\n{broken");
    try (Inputs inputs = Inputs.open(List.of(model), TokenInput.text(text), false)) {
      assertEquals(model + ": ln_f.weight" + REFUSED, refused(inputs, DType.F32).getMessage());
      assertEquals(text.toString(), refused(inputs, DType.F64).where());
    }
  }

  private static InputException refused(Inputs inputs, DType working) {
    return assertThrows(
        InputException.class,
        () -> inputs.read(OptionalLong.empty(), working, ProgressListener.NONE, new Phases()));
  }

  private static WeightStudy.Options options(Path model) {
    return new WeightStudy.Options(
        model, Processing.FOLDED, Resources.OF_THE_MACHINE, TableFormat.CSV);
  }

  @Test
  void beforeTablesOfWeights() throws IOException {
    Path model = model();
    try (Kernels kernels = Backend.VECTOR.open(1).kernels();
        WeightStudy study = WeightStudy.open(options(model))) {
      InputException e =
          assertThrows(InputException.class, () -> study.run(kernels, RunListener.NONE).close());
      assertEquals(model + ": ln_f.weight" + REFUSED, e.getMessage());
    }
  }
}
