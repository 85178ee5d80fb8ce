package dev.homolog.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.homolog.core.kernels.scalar.ScalarKernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.Activation;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The function of each name against transformers' function of that name, in double. */
class ActivationNamesTest {
  @Test
  void everyNameIsTransformersFunction() {
    try (SafetensorsFile golden =
            SafetensorsFile.open(TestFiles.family().resolve("models/activations.safetensors"));
        ScalarKernels kernels = new ScalarKernels();
        Arena arena = Arena.ofConfined()) {
      Set<String> names = new HashSet<>(golden.tensors().keySet());
      names.remove("x");
      assertEquals(Activation.names().keySet(), names);
      Tensor one = Tensor.allocate(arena, DType.F64, 1, 1);
      one.set(0, 0, 1);
      for (String name : names) {
        Tensor x = values(golden, "x");
        Tensor expected = values(golden, name);
        Tensor actual = Tensor.allocate(arena, DType.F64, x.rows(), 1);
        kernels.linearActivate(x, one, null, Activation.names().get(name), null, actual);
        for (long i = 0; i < x.rows(); i++) {
          // gelu_fast has a constant of 11 digits.
          assertEquals(expected.get(i, 0), actual.get(i, 0), 1e-9, name + " of " + x.get(i, 0));
        }
      }
    }
  }

  private static Tensor values(SafetensorsFile file, String name) {
    StoredTensor tensor = file.tensor(name);
    return Tensor.wrap(tensor.data(), tensor.dtype(), tensor.elements(), 1);
  }
}
