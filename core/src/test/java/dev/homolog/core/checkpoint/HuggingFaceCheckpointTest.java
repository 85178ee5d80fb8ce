package dev.homolog.core.checkpoint;

import static dev.homolog.core.checkpoint.TestFiles.TINY_JSON;
import static dev.homolog.core.checkpoint.TestFiles.assertRefused;
import static dev.homolog.core.checkpoint.TestFiles.ones;
import static dev.homolog.core.checkpoint.TestFiles.tinyTensors;
import static dev.homolog.core.checkpoint.TestFiles.write;
import static dev.homolog.core.checkpoint.TestFiles.writeModel;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class HuggingFaceCheckpointTest {
  private static final String BELONG =
      "; weights and configuration (config.json) must belong together";

  @TempDir Path folder;

  /** Values read from the raw bytes by Python's struct module. */
  @ParameterizedTest
  @CsvSource({
    "a, wte.weight, 0, -0.0977783203125",
    "a, wte.weight, 524287, -0.10198974609375",
    "a, h.2.mlp.c_fc.weight, 51237, 0.055694580078125",
    "a, h.3.attn.c_attn.bias, 383, -0.021881103515625",
    "a, wpe.weight, 1000, -0.127197265625",
    "a, ln_f.weight, 5, 2.353515625",
    "b, wte.weight, 0, 0.08709716796875",
    "b, h.2.mlp.c_fc.weight, 51237, 0.10546875",
    "b, h.3.attn.c_attn.bias, 383, 0.0027923583984375",
    "e, wte.weight, 524287, -0.08624267578125",
    "e, wpe.weight, 1000, -0.0234375",
    "e, ln_f.weight, 5, 2.41015625",
  })
  void familyHoldsTheGoldenValues(String model, String name, long element, float expected) {
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(TestFiles.family().resolve(model))) {
      StoredTensor tensor = checkpoint.tensor(name);
      assertEquals(DType.F16, tensor.dtype());
      assertEquals(name, tensor.name());
      short bits = tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * element);
      assertEquals(expected, Float.float16ToFloat(bits));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a, 5ee5e9d302f455a1",
    "b, 8273442fa90d1f73",
    "c, 811f23a2845aa721",
    "d, b599275faeb2449d",
    "e, 24fc97d5566c5282",
  })
  void familyOpensWithItsShapesAndHashes(String model, String sha256) {
    Path path = TestFiles.family().resolve(model);
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(path)) {
      OptionalInt zero = OptionalInt.of(0);
      assertEquals(
          new ModelConfig(
              4096,
              256,
              128,
              4,
              4,
              512,
              Gpt2.architecture(1e-5, Activation.GELU_TANH),
              TokenIds.of(zero, zero, OptionalInt.empty())),
          checkpoint.config());
      assertEquals(2048, checkpoint.config().neurons());
      assertEquals(path.toString(), checkpoint.location());
      assertEquals(4 + 4 * 12, checkpoint.names().size());
      assertEquals("wte.weight", checkpoint.names().iterator().next());
      assertEquals(List.of(4096L, 128L), checkpoint.tensor("wte.weight").shape());
      assertEquals(List.of(256L, 128L), checkpoint.tensor("wpe.weight").shape());
      assertEquals(List.of(128L, 384L), checkpoint.tensor("h.0.attn.c_attn.weight").shape());
      assertEquals(List.of(128L, 512L), checkpoint.tensor("h.3.mlp.c_fc.weight").shape());
      assertEquals(List.of(512L, 128L), checkpoint.tensor("h.3.mlp.c_proj.weight").shape());
      long elements =
          checkpoint.names().stream().mapToLong(n -> checkpoint.tensor(n).elements()).sum();
      assertEquals(1_350_400, elements);
      Map<String, String> hashes = checkpoint.hashes();
      assertEquals(List.of("config.json", "model.safetensors"), List.copyOf(hashes.keySet()));
      assertTrue(hashes.get("model.safetensors").startsWith(sha256));
      assertEquals(
          "928dce8a6675b0877b0c96ed2707e3370a16a141c9494a5aedac5b3b5c890da5",
          hashes.get("config.json"));
    }
  }

  @Test
  void goldenFileIsReadToo() {
    Path file = TestFiles.family().resolve("golden.safetensors");
    try (SafetensorsFile golden = SafetensorsFile.open(file)) {
      assertEquals(Map.of("compute", "float32", "model", "a"), golden.metadata());
      assertEquals(List.of(2L, 32L, 4096L), golden.tensor("logits").shape());
      assertEquals(DType.I32, golden.tensor("input_ids").dtype());
      assertTrue(golden.sha256().startsWith("bfe55d0f58014252"));
    }
  }

  @Test
  void prefixMasksAndUntiedUnembeddingAreUnderstood() {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    tinyTensors().forEach((name, tensor) -> tensors.put("transformer." + name, tensor));
    tensors.put("lm_head.weight", ones("lm_head.weight", List.of(5L, 4L)));
    tensors.put("transformer.h.0.attn.bias", mask(List.of(1L, 1L, 3L, 3L)));
    tensors.put("transformer.h.0.attn.masked_bias", mask(List.of()));
    String untied = TINY_JSON.replace("{", "{\"tie_word_embeddings\": false,");
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(writeModel(folder, untied, tensors))) {
      List<String> expected = new ArrayList<>(tinyTensors().keySet());
      expected.add("lm_head.weight");
      assertEquals(expected, List.copyOf(checkpoint.names()));
      assertEquals(16, checkpoint.config().dMlp());
      assertEquals("wte.weight", checkpoint.tensor("wte.weight").name());
    }
  }

  private static StoredTensor mask(List<Long> shape) {
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    MemorySegment data = MemorySegment.ofArray(new byte[Math.toIntExact(elements)]);
    return new StoredTensor("mask", DType.BOOL, shape, data);
  }

  static Stream<Arguments> wrongNames() {
    return Stream.of(
        wrong(
            "missing",
            t -> t.remove("h.0.mlp.c_fc.weight"),
            "h.0.mlp.c_fc.weight: is missing, expected shape [4, 16]" + BELONG),
        wrong(
            "several missing",
            t -> t.keySet().removeIf(name -> name.startsWith("h.0.ln_")),
            "h.0.ln_1.weight: is missing (and 3 more), expected shape [4]" + BELONG),
        wrong(
            "misnamed",
            t -> t.put("h.0.mlp.fc.weight", t.remove("h.0.mlp.c_fc.weight")),
            "h.0.mlp.c_fc.weight: is missing, expected shape [4, 16]" + BELONG),
        wrong(
            "unknown",
            t -> t.put("h.0.score.weight", ones("", List.of(2L, 4L))),
            "h.0.score.weight: is no tensor of this GPT-2" + BELONG),
        wrong(
            "a layer too many",
            t -> {
              t.put("h.1.ln_1.weight", ones("", List.of(4L)));
              t.put("h.1.attn.bias", ones("", List.of(4L)));
            },
            "h.1.ln_1.weight: is no tensor of this GPT-2 (and 1 more)" + BELONG),
        wrong(
            "there twice",
            t -> t.put("transformer.ln_f.bias", ones("", List.of(4L))),
            "ln_f.bias: is there twice, with and without transformer.; leave one of them out"),
        wrong(
            "name with control characters",
            t -> t.put("a\r\n\u001b[2J", ones("", List.of(1L))),
            "a\ufffd\ufffd\ufffd[2J: is no tensor of this GPT-2" + BELONG));
  }

  static Stream<Arguments> wrongTypes() {
    return Stream.of(
        wrong(
            "mis-shaped",
            t -> t.put("h.0.mlp.c_fc.weight", ones("", List.of(16L, 4L))),
            "h.0.mlp.c_fc.weight: has shape [16, 4], expected [4, 16]" + BELONG),
        wrong(
            "mis-shaped rank",
            t -> t.put("wpe.weight", ones("", List.of(12L))),
            "wpe.weight: has shape [12], expected [3, 4]" + BELONG),
        wrong(
            "mis-shaped unembedding",
            t -> t.put("lm_head.weight", ones("", List.of(4L, 5L))),
            "lm_head.weight: has shape [4, 5], expected [5, 4]" + BELONG),
        wrong(
            "integer dtype",
            t ->
                t.put(
                    "ln_f.bias",
                    new StoredTensor(
                        "", DType.I32, List.of(4L), MemorySegment.ofArray(new int[4]))),
            "ln_f.bias: has dtype I32, expected F64, F32, F16 or BF16;"
                + " save the model in one of these"));
  }

  private static Arguments wrong(
      String label, Consumer<Map<String, StoredTensor>> change, String message) {
    return Arguments.of(label, change, message);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"wrongNames", "wrongTypes"})
  void tensorsThatDoNotFitTheConfigurationAreRefused(
      String label, Consumer<Map<String, StoredTensor>> change, String message) {
    Map<String, StoredTensor> tensors = tinyTensors();
    change.accept(tensors);
    writeModel(folder, TINY_JSON, tensors);
    assertRefused(
        folder.resolve("model.safetensors") + ": " + message,
        () -> HuggingFaceCheckpoint.open(folder).close());
  }

  @Test
  void untiedModelNeedsItsUnembedding() {
    String untied = TINY_JSON.replace("{", "{\"tie_word_embeddings\": false,");
    writeModel(folder, untied, tinyTensors());
    assertRefused(
        folder.resolve("model.safetensors")
            + ": lm_head.weight: is missing, expected shape [5, 4]"
            + BELONG,
        () -> HuggingFaceCheckpoint.open(folder).close());
  }

  @ParameterizedTest
  @CsvSource({
    "F32, 7fc00000, NaN",
    "F32, ff800001, NaN",
    "F32, 7f800000, infinite",
    "F32, ff800000, minus infinite",
    "F16, 7e00, NaN",
    "F16, 7c00, infinite",
    "F16, fc00, minus infinite",
    "BF16, 7fc0, NaN",
    "BF16, 7f80, infinite",
    "BF16, ff80, minus infinite",
  })
  void weightsThatAreNotFiniteAreRefusedOnFirstAccess(DType dtype, String hex, String word) {
    ByteBuffer data = ByteBuffer.allocate(64 * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    int bits = Integer.parseUnsignedInt(hex, 16);
    if (dtype == DType.F32) {
      data.putInt(4 * 39, bits);
    } else {
      data.putShort(2 * 39, (short) bits);
    }
    Map<String, StoredTensor> tensors = tinyTensors();
    tensors.put(
        "h.0.mlp.c_fc.weight",
        new StoredTensor("", dtype, List.of(4L, 16L), MemorySegment.ofArray(data.array())));
    writeModel(folder, TINY_JSON, tensors);
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      for (int attempt = 0; attempt < 2; attempt++) {
        assertRefused(
            folder.resolve("model.safetensors")
                + ": h.0.mlp.c_fc.weight: element [2, 7] of layer 0 is "
                + word
                + "; use a checkpoint whose weights are all finite",
            () -> checkpoint.tensor("h.0.mlp.c_fc.weight"));
      }
      assertEquals(16, checkpoint.tensor("h.0.mlp.c_fc.bias").elements());
    }
  }

  @Test
  void missingFolderAndFilesAreRefused() throws IOException {
    Path none = folder.resolve("none");
    assertRefused(
        none + ": no such folder; give the folder that holds config.json and the weights",
        () -> HuggingFaceCheckpoint.open(none).close());
    assertRefused(
        folder
            + ": config.json: is missing; give a complete Hugging Face folder of a GPT-2 or GPT-NeoX model",
        () -> HuggingFaceCheckpoint.open(folder).close());
    Path config = write(folder.resolve("config.json"), TINY_JSON.getBytes(StandardCharsets.UTF_8));
    assertRefused(
        config + ": is not a folder; give the folder that holds config.json and the weights",
        () -> HuggingFaceCheckpoint.open(config).close());
    String problem = folder + ": model.safetensors: is missing";
    assertRefused(
        problem
            + "; give a folder that holds one of: model.safetensors, model.safetensors.index.json,"
            + " pytorch_model.bin, pytorch_model.bin.index.json",
        () -> HuggingFaceCheckpoint.open(folder).close());
    write(folder.resolve("tf_model.h5"), new byte[0]);
    assertRefused(
        problem
            + ", but tf_model.h5 is there; save the model from PyTorch with"
            + " save_pretrained(folder)",
        () -> HuggingFaceCheckpoint.open(folder).close());
    Files.delete(config);
    Files.createDirectory(config);
    write(folder.resolve("model.safetensors"), new byte[0]);
    assertRefused(
        config
            + ": is not a file; give a complete Hugging Face folder of a GPT-2 or GPT-NeoX model",
        () -> HuggingFaceCheckpoint.open(folder).close());
  }

  @Test
  void useAfterCloseSaysSo() {
    Checkpoint checkpoint = HuggingFaceCheckpoint.open(TestFiles.family().resolve("a"));
    checkpoint.close();
    checkpoint.close();
    String message =
        TestFiles.family().resolve("a/model.safetensors")
            + " is closed; open it again to read from it";
    assertEquals(
        message,
        assertThrows(IllegalStateException.class, () -> checkpoint.tensor("wte.weight"))
            .getMessage());
    assertEquals(
        message, assertThrows(IllegalStateException.class, checkpoint::hashes).getMessage());
    assertEquals(4096, checkpoint.config().vocabSize());
  }

  @Test
  void unknownNameIsRefused() {
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(TestFiles.family().resolve("a"))) {
      assertRefused(
          TestFiles.family().resolve("a/model.safetensors")
              + ": lm_head.weight: no such tensor; the model has 52 others",
          () -> checkpoint.tensor("lm_head.weight"));
    }
  }

  /** A sparse file of 8 GB, more than the heap: opening it brings next to nothing into memory. */
  @Test
  void openingTouchesTheHeaderOnly() throws IOException {
    int vocab = 10_000_000;
    int width = 208;
    long embedding = 4L * vocab * width;
    String config =
        TINY_JSON
            .replace("\"vocab_size\": 5", "\"vocab_size\": " + vocab)
            .replace("\"n_embd\": 4", "\"n_embd\": " + width);
    StringBuilder header = new StringBuilder("{");
    long end = 0;
    ModelConfig model =
        ModelConfigReader.read("config", config.getBytes(StandardCharsets.UTF_8)).config();
    for (var entry : new ModelLayout(model, true).required().entrySet()) {
      long begin = end;
      end += entry.getValue().stream().reduce(4L, Math::multiplyExact);
      header.append(
          "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(begin == 0 ? "" : ",", entry.getKey(), entry.getValue(), begin, end));
    }
    byte[] bytes = TestFiles.safetensors(header + "}", 0);
    Path file = write(folder.resolve("model.safetensors"), bytes);
    write(folder.resolve("config.json"), config.getBytes(StandardCharsets.UTF_8));
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(bytes.length + end);
    }
    assumeTrue(Files.exists(Path.of("/proc/self/smaps")));
    long start = System.nanoTime();
    try (Checkpoint checkpoint = HuggingFaceCheckpoint.open(folder)) {
      assertTrue(System.nanoTime() - start < 5_000_000_000L, "opening took more than 5 s");
      assertTrue(residentBytes(file) < 4 << 20, "resident: " + residentBytes(file));
      StoredTensor small = checkpoint.tensor("ln_f.bias");
      assertEquals(4L * width, small.data().byteSize());
      assertTrue(residentBytes(file) < 4 << 20, "resident: " + residentBytes(file));
    }
    try (SafetensorsFile mapped = SafetensorsFile.open(file)) {
      MemorySegment data = mapped.tensor("wte.weight").data();
      assertEquals(embedding, data.byteSize());
      assertEquals(0f, data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, embedding - 4));
    }
  }

  /** How much of the file's mapping lies in memory, by the kernel's account. */
  private static long residentBytes(Path file) throws IOException {
    long resident = 0;
    boolean ours = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("^[0-9a-f]+-[0-9a-f]+ .*")) {
        ours = line.endsWith(file.toRealPath().toString());
      } else if (ours && line.startsWith("Rss:")) {
        resident += Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    return resident;
  }
}
