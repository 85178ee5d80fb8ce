package dev.homolog.core.tokens;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** The test family and the golden values that make_golden.py computed with Python. */
final class Golden {
  static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  static final Path VALIDATION = FAMILY.resolve("validation.jsonl.zst");

  private Golden() {}

  static JsonNode read(String name) {
    try {
      return new ObjectMapper().readTree(FAMILY.resolve("tokens").resolve(name).toFile());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Tokenizer tokenizer() {
    return Tokenizer.of(FAMILY.resolve("a/tokenizer.json"));
  }

  static TokenRules rules() {
    return TokenRules.of(config(OptionalInt.of(0)), tokenizer());
  }

  static ModelConfig config(OptionalInt bos) {
    return new ModelConfig(
        4096,
        256,
        128,
        4,
        4,
        512,
        Gpt2.architecture(1e-5, Activation.GELU_TANH),
        TokenIds.of(bos, bos, OptionalInt.empty()));
  }

  static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  static String hash(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(ids.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(ids).forEach(bytes::putInt);
    return HexFormat.of().formatHex(TokenizerEngine.sha256().digest(bytes.array()));
  }
}
