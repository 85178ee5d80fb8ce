package dev.homolog.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.core.memory.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What PyTorch and safetensors wrote of the same weights must be the same; the files are those of
 * {@code test-resources/scripts/torch_files.py}.
 */
class TorchFileTest {
  private static final Path FILES = TestFiles.family().resolve("torch");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "f32.bin, f32, F32",
    "f16.bin, f16, F16",
    "bf16.bin, bf16, BF16",
    "plain.bin, f16, F16",
    "protocol3.bin, f16, F16",
    "protocol4.bin, f16, F16",
    "parameters.bin, f16, F16",
    "untied.bin, untied, F16",
    "views.bin, f16, F16",
    "expanded-mask.bin, f16, F16",
    "old.bin, f16, F16",
    "zip64.bin, f16, F16",
    "torch-1.7.bin, f16, F16",
  })
  void binHoldsWhatSafetensorsHold(String bin, String golden, DType dtype) {
    String config =
        golden.equals("untied")
            ? TestFiles.TINY_JSON.replace("{", "{\"tie_word_embeddings\": false,")
            : TestFiles.TINY_JSON;
    copy("pytorch_model.bin", bin);
    TestFiles.write(folder.resolve("config.json"), Pickles.bytes(config));
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder);
        SafetensorsFile expected = SafetensorsFile.open(FILES.resolve(golden + ".safetensors"))) {
      assertEquals(new HashSet<>(expected.tensors().keySet()), new HashSet<>(checkpoint.names()));
      for (StoredTensor tensor : expected.tensors().values()) {
        assertEquals(dtype, tensor.dtype());
        assertEqual(tensor, checkpoint.tensor(tensor.name()));
      }
      assertEquals(
          List.of("config.json", "pytorch_model.bin"), List.copyOf(checkpoint.hashes().keySet()));
    }
  }

  @Test
  void realModelIsTheSameInBothForms() {
    Path family = TestFiles.family();
    try (Checkpoint safetensors = HuggingFaceCheckpoint.open(family.resolve("a"));
        Checkpoint bin = HuggingFaceCheckpoint.open(family.resolve("a-bin"))) {
      assertEquals(safetensors.names(), bin.names());
      assertEquals(safetensors.config(), bin.config());
      safetensors.names().forEach(n -> assertEqual(safetensors.tensor(n), bin.tensor(n)));
      assertTrue(bin.tensor("wte.weight").data().isReadOnly());
    }
  }

  @Test
  void everyElementTypeAndScalarsAndEmptyTensorsAreRead() {
    Map<String, StoredTensor> found = new LinkedHashMap<>();
    try (MappedFile file = MappedFile.open(FILES.resolve("kinds.bin"), "");
        SafetensorsFile expected = SafetensorsFile.open(FILES.resolve("kinds.safetensors"))) {
      TorchFile.read("kinds", file.bytes()).forEach(t -> found.put(t.name(), t));
      assertEquals(new HashSet<>(expected.tensors().keySet()), found.keySet());
      expected.tensors().forEach((name, tensor) -> assertEqual(tensor, found.get(name)));
      List<DType> dtypes = new ArrayList<>(found.values().stream().map(t -> t.dtype()).toList());
      assertTrue(dtypes.containsAll(List.of(DType.values())));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "transposed.bin | h.0.mlp.c_fc.weight: is stored with strides [1, 4], not in C order;"
            + " save the tensor's .contiguous(), or the model as safetensors",
        "legacy.bin | has the format of PyTorch before 1.6, not a zip file; convert it with"
            + " PyTorch, and only if you trust where it comes from:"
            + " torch.save(torch.load(file, weights_only=True), file)",
        "training.bin | model: is a dict, expected a tensor; only a plain state dict is read:"
            + " torch.save(model.state_dict(), file), or save it as safetensors",
        "float8.bin | data.pkl: names torch._utils._rebuild_tensor_v3, which no state dict needs"
            + " (byte 1235); only a plain state dict is read:"
            + " torch.save(model.state_dict(), file), or save it as safetensors",
        "sparse.bin | data.pkl: names torch._utils._rebuild_sparse_tensor, which no state dict needs"
            + " (byte 1235); only a plain state dict is read:"
            + " torch.save(model.state_dict(), file), or save it as safetensors",
        "script.bin | archive/code/__torch__.py: is compressed (method 8), expected stored; save the"
            + " model with torch.save(model.state_dict(), file), not as TorchScript and not zipped"
            + " again",
      })
  void whatIsNoPlainStateDictIsRefusedWithARemedy(String bin, String message) {
    try (MappedFile file = MappedFile.open(FILES.resolve(bin), "")) {
      TestFiles.assertRefused(bin + ": " + message, () -> TorchFile.read(bin, file.bytes()));
    }
  }

  private void copy(String to, String from) {
    try {
      Files.copy(FILES.resolve(from), folder.resolve(to));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void assertEqual(StoredTensor expected, StoredTensor found) {
    assertEquals(expected.name(), found.name());
    assertEquals(expected.dtype(), found.dtype(), expected.name());
    assertEquals(expected.shape(), found.shape(), expected.name());
    MemorySegment data = found.data();
    assertEquals(-1, expected.data().mismatch(data), expected.name());
  }
}
