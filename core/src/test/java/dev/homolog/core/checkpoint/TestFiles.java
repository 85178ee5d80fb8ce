package dev.homolog.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.homolog.core.InputException;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.junit.jupiter.api.function.Executable;

/** Small files and models for the tests of this package. */
final class TestFiles {
  /** One layer; n_inner is left to its default of 4 · n_embd. */
  static final String TINY_JSON =
      """
      {"model_type": "gpt2", "vocab_size": 5, "n_positions": 3, "n_embd": 4, "n_layer": 1,
       "n_head": 2, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05}
      """;

  static final ModelConfig TINY =
      new ModelConfig(
          5,
          3,
          4,
          1,
          2,
          16,
          Gpt2.architecture(1e-5, Activation.GELU_TANH),
          TokenIds.of(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty()));

  private TestFiles() {}

  /** The folder of the test family. */
  static Path family() {
    return Path.of(Objects.requireNonNull(System.getProperty("homolog.testResources")));
  }

  /** The bytes of a safetensors file with that header and that many bytes of data. */
  static byte[] safetensors(String header, int data) {
    return safetensors(header.getBytes(StandardCharsets.UTF_8), data);
  }

  static byte[] safetensors(byte[] header, int data) {
    return prefixed(header.length, header, data);
  }

  /** The same with a header length that need not be true. */
  static byte[] prefixed(long length, byte[] header, int data) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array());
    bytes.writeBytes(header);
    bytes.writeBytes(new byte[data]);
    return bytes.toByteArray();
  }

  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every tensor of the tiny model in F32, all ones; may be changed before it is written. */
  static Map<String, StoredTensor> tinyTensors() {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    new ModelLayout(TINY, true)
        .required()
        .forEach((name, shape) -> tensors.put(name, ones(name, shape)));
    return tensors;
  }

  static StoredTensor ones(String name, List<Long> shape) {
    int elements = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    ByteBuffer data = ByteBuffer.allocate(4 * elements).order(ByteOrder.LITTLE_ENDIAN);
    while (data.hasRemaining()) {
      data.putFloat(1);
    }
    return new StoredTensor(name, DType.F32, shape, MemorySegment.ofArray(data.array()));
  }

  /** Writes a checkpoint's two files; the keys are the names in the file. */
  static Path writeModel(Path folder, String config, Map<String, StoredTensor> tensors) {
    write(folder.resolve("config.json"), config.getBytes(StandardCharsets.UTF_8));
    SafetensorsWriter writer = new SafetensorsWriter(folder.resolve("model.safetensors"));
    tensors.forEach((name, t) -> writer.tensor(name, t.dtype(), t.shape(), t.data()));
    writer.write();
    return folder;
  }

  /** Asserts that the input is refused with exactly this message, in one line. */
  static InputException assertRefused(String message, Executable executable) {
    InputException e = assertThrows(InputException.class, executable);
    assertEquals(message, e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
    return e;
  }
}
