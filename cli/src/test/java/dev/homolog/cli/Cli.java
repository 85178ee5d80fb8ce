package dev.homolog.cli;

import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.SafetensorsWriter;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.checkpoint.TokenIds;
import dev.homolog.core.memory.DType;
import dev.homolog.core.model.family.Activation;
import dev.homolog.core.model.family.Gpt2;
import dev.homolog.core.model.family.GptNeoX;
import dev.homolog.core.model.family.PositionSpec;
import dev.homolog.core.npy.NpyFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The command as a user meets it, and small inputs for it. */
final class Cli {
  static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));

  private Cli() {}

  /** How a command ended and what it printed. */
  record Outcome(int code, String out, List<String> err) {}

  static Outcome run(List<String> args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Main.execute(
            new PrintWriter(out, true), new PrintWriter(err, true), args.toArray(String[]::new));
    return new Outcome(code, out.toString(), err.toString().lines().toList());
  }

  static Outcome run(String... args) {
    return run(List.of(args));
  }

  /**
   * Starts Java as ./homolog does, in a process of its own, with the jars and folders of this test.
   *
   * @param folder for what it prints
   * @param options of the JVM besides
   */
  static Outcome process(Path folder, List<String> options, List<String> args) throws Exception {
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    Process process =
        new ProcessBuilder(command(options, args))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(300, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("no end after 300 s: " + args);
    }
    return new Outcome(process.exitValue(), Files.readString(out), Files.readAllLines(err));
  }

  /** Options with which such a process may call libtorch. */
  static List<String> libtorch() {
    return System.getProperty("jdk.module.path") == null
        ? List.of()
        : List.of("--enable-native-access=dev.homolog.bindings");
  }

  /** The command line of such a process; on the class path where the tests are. */
  static List<String> command(List<String> options, List<String> args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String modules = System.getProperty("jdk.module.path");
    if (modules != null) {
      command.addAll(List.of("-p", modules));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(
        "--enable-native-access="
            + (modules == null
                ? "ALL-UNNAMED"
                : "dev.homolog.cli,ai.djl.tokenizers,com.github.luben.zstd_jni,duckdb.jdbc"));
    command.addAll(options);
    String main = "dev.homolog.cli.Main";
    command.addAll(modules == null ? List.of(main) : List.of("-m", "dev.homolog.cli/" + main));
    command.addAll(args);
    return command;
  }

  static List<String> join(List<String> args, String... more) {
    return Stream.concat(args.stream(), Stream.of(more)).toList();
  }

  static List<String> join(List<String> args, List<String> more) {
    return Stream.concat(args.stream(), more.stream()).toList();
  }

  /** Names of the files in a folder, sorted. */
  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /**
   * A Hugging Face folder with a random model of two layers, in which neuron 2 of layer 0 is
   * constant.
   */
  static Path model(Path folder, int dMlp, long seed) throws IOException {
    return model(folder, dMlp, seed, 4096);
  }

  /** The same with another number of rows of the embedding. */
  static Path model(Path folder, int dMlp, long seed, int vocabulary) throws IOException {
    Files.createDirectories(folder);
    ModelConfig config =
        new ModelConfig(
            vocabulary,
            32,
            8,
            2,
            2,
            dMlp,
            Gpt2.architecture(1e-5, Activation.GELU_TANH),
            TokenIds.of(OptionalInt.of(0), OptionalInt.of(0), OptionalInt.empty()));
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "gpt2", "vocab_size": %d, "n_positions": 32, "n_embd": 8, "n_layer": 2,
         "n_head": 2, "n_inner": %d, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05,
         "bos_token_id": 0, "eos_token_id": 0, "tie_word_embeddings": true}
        """
            .formatted(vocabulary, dMlp));
    Files.copy(FAMILY.resolve("a/tokenizer.json"), folder.resolve("tokenizer.json"));
    SafetensorsWriter writer = new SafetensorsWriter(folder.resolve("model.safetensors"));
    try (MemoryCheckpoint random = MemoryCheckpoint.random(config, seed, 0.5);
        Arena arena = Arena.ofConfined()) {
      for (String name : random.names()) {
        StoredTensor tensor = random.tensor(name);
        var data = arena.allocate(tensor.data().byteSize(), 8).copyFrom(tensor.data());
        if (name.equals("h.0.mlp.c_fc.weight")) {
          for (int i = 0; i < 8; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i * dMlp + 2L, 0);
          }
        }
        writer.tensor(name, tensor.dtype(), tensor.shape(), data);
      }
      writer.write();
    }
    return folder;
  }

  /**
   * A Hugging Face folder with a random GPT-NeoX of three layers of 7 neurons, for rows of 20
   * tokens, whose embedding has 4 rows more than its tokenizer has tokens.
   */
  static Path neox(Path folder, long seed) throws IOException {
    Files.createDirectories(folder);
    ModelConfig config =
        new ModelConfig(
            4100,
            20,
            16,
            3,
            2,
            7,
            GptNeoX.architecture(
                1e-5, Activation.GELU_ERF, true, true, new PositionSpec.Rotary(4, 10_000)),
            TokenIds.of(OptionalInt.of(0), OptionalInt.of(0), OptionalInt.empty()));
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "gpt_neox", "vocab_size": 4100, "max_position_embeddings": 20,
         "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2,
         "intermediate_size": 7, "rotary_pct": 0.5, "bos_token_id": 0, "eos_token_id": 0,
         "tie_word_embeddings": true}
        """);
    Files.copy(FAMILY.resolve("a/tokenizer.json"), folder.resolve("tokenizer.json"));
    SafetensorsWriter writer = new SafetensorsWriter(folder.resolve("model.safetensors"));
    try (MemoryCheckpoint random = MemoryCheckpoint.random(config, seed, 0.5)) {
      for (String name : random.names()) {
        StoredTensor tensor = random.tensor(name);
        writer.tensor("gpt_neox." + name, tensor.dtype(), tensor.shape(), tensor.data());
      }
      writer.write();
    }
    return folder;
  }

  /** Changes the bytes of one tensor of a model, in F32 and C order. */
  static void weights(Path model, String name, Consumer<MemorySegment> change) throws IOException {
    Path file = model.resolve("model.safetensors");
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    try (Arena arena = Arena.ofConfined()) {
      try (SafetensorsFile read = SafetensorsFile.open(file)) {
        for (StoredTensor tensor : read.tensors().values()) {
          var data = arena.allocate(tensor.data().byteSize(), 8).copyFrom(tensor.data());
          tensors.put(
              tensor.name(), new StoredTensor(tensor.name(), tensor.dtype(), tensor.shape(), data));
        }
      }
      change.accept(tensors.get(name).data());
      SafetensorsWriter writer = new SafetensorsWriter(file);
      tensors.forEach((key, t) -> writer.tensor(key, t.dtype(), t.shape(), t.data()));
      writer.write();
    }
  }

  /** A file of token ids. */
  static Path tokens(Path file, int[][] rows) {
    try (Arena arena = Arena.ofConfined()) {
      var data = arena.allocate(ValueLayout.JAVA_INT, (long) rows.length * rows[0].length);
      for (int i = 0; i < rows.length; i++) {
        for (int j = 0; j < rows[0].length; j++) {
          data.setAtIndex(ValueLayout.JAVA_INT, (long) i * rows[0].length + j, rows[i][j]);
        }
      }
      NpyFile.write(file, DType.I32, List.of((long) rows.length, (long) rows[0].length), data);
    }
    return file;
  }

  /** A text in which words come again and again. */
  static Path text(Path file) throws IOException {
    return Files.writeString(file, "The cat saw the dog and the dog saw the cat.\n".repeat(20));
  }
}
