package dev.homolog.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.SafetensorsWriter;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights in double precision that single precision does not hold. */
class DoubleWeightsTest {
  private static final Path MODEL =
      Path.of(System.getProperty("homolog.testResources")).resolve("models/gpt2-f64");
  private static final String NAME = "h.1.mlp.c_fc.weight"; // [16, 64]

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void areRefusedWhereSinglePrecisionComputes(Backend backend) throws IOException {
    Files.copy(MODEL.resolve("config.json"), folder.resolve("config.json"));
    write(-1e300);
    try (Kernels kernels = backend.open(1).kernels()) {
      if (kernels.working() == DType.F64) {
        open(kernels);
      } else {
        InputException e = assertThrows(InputException.class, () -> open(kernels));
        assertEquals(folder.toString(), e.where());
        assertEquals(NAME, e.field());
        assertEquals("element [1, 3] is -1.0E300, beyond single precision", e.problem());
        assertEquals("use --backend scalar, which computes in double", e.remedy());
      }
      write(Float.MAX_VALUE * (1 + 1e-9)); // which rounds to the greatest number
      open(kernels);
      write(1e-300); // which rounds to 0
      open(kernels);
    }
  }

  private void open(Kernels kernels) {
    try (var checkpoint = HuggingFaceCheckpoint.open(folder);
        Arena arena = Arena.ofShared()) {
      Transformer.of(checkpoint, kernels, arena, 12);
    }
  }

  /** The model with another number in one place. */
  private void write(double value) {
    SafetensorsWriter writer = new SafetensorsWriter(folder.resolve("model.safetensors"));
    try (Arena arena = Arena.ofConfined();
        SafetensorsFile model = SafetensorsFile.open(MODEL.resolve("model.safetensors"))) {
      model
          .tensors()
          .forEach((name, tensor) -> {
            MemorySegment data = arena.allocate(tensor.data().byteSize(), 8);
            data.copyFrom(tensor.data());
            if (name.endsWith(NAME)) {
              assertEquals(DType.F64, tensor.dtype());
              data.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * (64 + 3), value);
            }
            writer.tensor(name, tensor.dtype(), tensor.shape(), data);
          });
      writer.write();
    }
  }
}
