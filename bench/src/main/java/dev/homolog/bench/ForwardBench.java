package dev.homolog.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.bindings.Torch;
import dev.homolog.bindings.load.GpuUse;
import dev.homolog.bindings.load.LoadOptions;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.Precision;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Activations;
import dev.homolog.core.model.Transformer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/**
 * Homolog's side of {@code forward.py}: runs a model's forward pass, MLP_POST of all layers
 * captured, each time it is told to on standard input, and prints the seconds by the clock and of
 * the processor. {@code --write DIR} makes the model instead.
 */
public final class ForwardBench {
  private ForwardBench() {}

  public static void main(String[] args) throws IOException {
    Arguments arguments =
        new Arguments(
            args,
            Set.of(
                "--write", "--model", "--libtorch", "--backend", "--ids", "--context", "--threads"),
            Set.of());
    if (arguments.has("--write")) {
      RandomModel.write(Path.of(arguments.require("--write")), RandomModel.gpt2Small(), 1, null);
      return;
    }
    Optional<Path> libtorch = arguments.get("--libtorch").map(Path::of);
    Backend backend = Backend.parse(arguments.get("--backend").orElse("torch"));
    int context = arguments.number("--context", 512);
    var settings = new Backend.Settings(arguments.number("--threads", 1), libtorch, Precision.FP32);
    try (Kernels kernels = backend.open(settings).kernels();
        var checkpoint = HuggingFaceCheckpoint.open(Path.of(arguments.require("--model")));
        FileChannel idsFile = FileChannel.open(Path.of(arguments.require("--ids")));
        Arena arena = Arena.ofShared()) {
      ModelConfig config = checkpoint.config();
      MemorySegment ids = idsFile.map(FileChannel.MapMode.READ_ONLY, 0, idsFile.size(), arena);
      long tokens = ids.byteSize() / Integer.BYTES;
      Tensor column = kernels.fromHost(arena, Tensor.wrap(ids, DType.I32, tokens, 1));
      Tensor post = kernels.allocate(arena, kernels.working(), tokens, config.neurons());
      Transformer model = Transformer.of(checkpoint, kernels, arena, tokens);
      ObjectNode json = new ObjectMapper().createObjectNode();
      Machine.describe(json);
      json.put("description", kernels.description());
      if (backend == Backend.TORCH) {
        LoadOptions options = LoadOptions.standard().withGpu(GpuUse.NEVER);
        Machine.describe(json, Torch.open(libtorch.map(options::withLibtorch).orElse(options)));
      }
      System.out.println(json);
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.equals("run")) {
          double cpu = cpuSeconds();
          long start = System.nanoTime();
          model.forward(column, context, Activations.sites(null, post));
          double seconds = (System.nanoTime() - start) / 1e9;
          System.out.println(seconds + " " + (cpuSeconds() - cpu));
        } else {
          write(kernels.toHost(arena, post), Path.of(line));
          System.out.println("written");
        }
      }
    }
  }

  /** Of all threads of this process. */
  private static double cpuSeconds() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos() / 1e9;
  }

  private static void write(Tensor tensor, Path file) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      try (Arena arena = Arena.ofConfined()) {
        long bytes = tensor.size() * tensor.dtype().bytes();
        out.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena).copyFrom(tensor.data());
      }
    }
  }
}
