package dev.homolog.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.Study;
import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.StudyResult;
import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.run.RunFacts;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.bindings.Cublas;
import dev.homolog.bindings.Device;
import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.Torch;
import dev.homolog.bindings.TorchGemm;
import dev.homolog.bindings.TorchTensor;
import dev.homolog.bindings.load.GpuUse;
import dev.homolog.bindings.load.LoadOptions;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.MemoryCheckpoint;
import dev.homolog.core.checkpoint.ModelConfig;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.kernels.Precision;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.Activations;
import dev.homolog.core.model.Transformer;
import dev.homolog.core.stream.ActivationStream;
import dev.homolog.core.tokens.TokenRules;
import dev.homolog.core.tokens.TokenTable;
import dev.homolog.core.tokens.Tokenizer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Checks and times Homolog on a GPU, and prints one JSON: golden values, equivalence with the CPU,
 * a study, the forward pass, the correlation update, and what bfloat16 costs in precision. A part
 * that fails says so and the others go on. With {@code --backend torch --quick} the same lines run
 * in small on a CPU, in single precision throughout.
 */
public final class GpuCheck {
  /** Dense peak of an H100 or H200 (SXM) in bfloat16, and in single precision without TF32. */
  private static final double PEAK_BF16 = 989;

  private static final double PEAK_FP32 = 67;

  private static final double GOLDEN_TOLERANCE = 1e-4;
  private static final double EQUIVALENCE_TOLERANCE = 1e-4;
  private static final int ROUNDS = 5;

  private final Arguments arguments;
  private final Backend backend;
  private final boolean quick;
  private final int threads;
  private final Path resources;
  private final Path scratch;
  private final ObjectNode report = new ObjectMapper().createObjectNode();
  private boolean passed = true;

  private GpuCheck(Arguments arguments, Path scratch) {
    this.arguments = arguments;
    this.backend = Backend.parse(arguments.get("--backend").orElse("cuda"));
    this.quick = arguments.has("--quick");
    this.threads = arguments.number("--threads", Runtime.getRuntime().availableProcessors());
    this.resources = Path.of(arguments.require("--resources"));
    this.scratch = scratch;
  }

  public static void main(String[] args) throws IOException {
    Arguments arguments =
        new Arguments(
            args,
            Set.of("--backend", "--libtorch", "--resources", "--threads", "--out", "--commit"),
            Set.of("--quick"));
    Path scratch = Files.createTempDirectory("homolog-gpu");
    boolean passed;
    try {
      passed = new GpuCheck(arguments, scratch).run();
    } finally {
      delete(scratch);
    }
    System.exit(passed ? 0 : 1);
  }

  private boolean run() throws IOException {
    Machine.describe(report);
    arguments.get("--commit").ifPresent(commit -> report.put("commit", commit));
    report.put("backend", backend.toString()).put("quick", quick).put("threads", threads);
    section("library", this::library);
    if (passed) {
      section("golden", this::golden);
      section("equivalence", this::equivalence);
      section("forward", this::forward);
      section("correlation_update", this::correlationUpdate);
      section("study_family", this::studyFamily);
      section("study_gpt2_small_shape", this::studyOfGpt2Shape);
    }
    report.put("passed", passed);
    save();
    System.out.println(report.toPrettyString());
    return passed;
  }

  // ---- parts ----

  private interface Section {
    void fill(ObjectNode json) throws IOException;
  }

  /** Errors too: a part that runs out of memory must not take the rest with it. */
  private void section(String name, Section section) throws IOException {
    ObjectNode json = report.putObject(name);
    long start = System.nanoTime();
    try {
      section.fill(json);
    } catch (IOException | RuntimeException | Error e) {
      passed = false;
      json.put("error", e.toString());
      e.printStackTrace();
    }
    double seconds = seconds(start);
    json.put("seconds", seconds).put("live_handles", Torch.liveHandles());
    System.err.printf("gpu: %s %s, %.1f s%n", name, json.has("error") ? "FAILED" : "done", seconds);
    save();
  }

  private void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException(what);
    }
  }

  private void save() throws IOException {
    Optional<String> out = arguments.get("--out");
    if (out.isPresent()) {
      Files.writeString(Path.of(out.get()), report.toPrettyString() + "\n");
    }
  }

  private Optional<Path> libtorch() {
    return arguments.get("--libtorch").map(Path::of);
  }

  private Kernels open(Precision precision) {
    return backend.open(new Backend.Settings(threads, libtorch(), precision)).kernels();
  }

  /** bfloat16 where there is a GPU. */
  private Precision low() {
    return backend == Backend.CUDA ? Precision.BF16 : Precision.FP32;
  }

  private List<Precision> precisions() {
    return backend == Backend.CUDA
        ? List.of(Precision.FP32, Precision.BF16)
        : List.of(Precision.FP32);
  }

  private Torch torch() {
    GpuUse gpu = backend == Backend.CUDA ? GpuUse.REQUIRED : GpuUse.NEVER;
    LoadOptions options = LoadOptions.standard().withGpu(gpu);
    return Torch.open(libtorch().map(options::withLibtorch).orElse(options));
  }

  private void library(ObjectNode json) {
    try (Kernels kernels = open(Precision.FP32)) {
      require(
          kernels.name().equals(backend.toString()), "the backend that runs is " + kernels.name());
      json.put("description", kernels.description());
      Machine.describe(json, torch());
    }
  }

  // ---- golden values ----

  private void golden(ObjectNode json) {
    try (Kernels kernels = open(Precision.FP32);
        var checkpoint = HuggingFaceCheckpoint.open(resources.resolve("a"));
        var golden = SafetensorsFile.open(resources.resolve("golden.safetensors"));
        Arena arena = Arena.ofShared()) {
      ModelConfig config = checkpoint.config();
      StoredTensor ids = golden.tensor("input_ids"); // [2, 32]
      int context = ids.shape().get(1).intValue();
      long tokens = ids.elements();
      Activations out =
          new Activations(
              kernels.allocate(arena, DType.F32, tokens, config.neurons()),
              kernels.allocate(arena, DType.F32, tokens, config.neurons()),
              kernels.allocate(arena, DType.F32, tokens, config.vocabSize()));
      Tensor column = kernels.fromHost(arena, Tensor.wrap(ids.data(), DType.I32, tokens, 1));
      Transformer.of(checkpoint, kernels, arena, tokens).forward(column, context, out);
      Tensor pre = kernels.toHost(arena, out.pre());
      Tensor post = kernels.toHost(arena, out.post());
      double worst = 0;
      for (int layer = 0; layer < config.layers(); layer++) {
        long from = (long) layer * config.dMlp();
        long to = from + config.dMlp();
        worst = Math.max(worst, difference(golden, "mlp_pre." + layer, pre.columns(from, to)));
        worst = Math.max(worst, difference(golden, "mlp_post." + layer, post.columns(from, to)));
      }
      double logits = difference(golden, "logits", kernels.toHost(arena, out.logits()));
      json.put("max_error_activations", worst);
      json.put("max_error_logits", logits);
      json.put("tolerance", GOLDEN_TOLERANCE);
      require(Math.max(worst, logits) <= GOLDEN_TOLERANCE, "golden values differ");
    }
  }

  /** NaN is the greatest of differences. */
  private static double difference(SafetensorsFile golden, String name, Tensor actual) {
    StoredTensor stored = golden.tensor(name);
    Tensor expected = Tensor.wrap(stored.data(), stored.dtype(), actual.rows(), actual.cols());
    double worst = 0;
    for (long t = 0; t < actual.rows(); t++) {
      for (long j = 0; j < actual.cols(); j++) {
        double error = Math.abs(expected.get(t, j) - actual.get(t, j));
        worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(worst, error);
      }
    }
    return worst;
  }

  // ---- all correlations of a small study, on this backend and on the CPU ----

  private void equivalence(ObjectNode json) {
    int context = quick ? 64 : 256;
    long tokens = quick ? 1536 : 65_536;
    List<ActivationStream.Model> models = new ArrayList<>();
    try {
      for (String name : List.of("a", "b", "c")) {
        models.add(
            new ActivationStream.Model(name, HuggingFaceCheckpoint.open(resources.resolve(name))));
      }
      Tokenizer tokenizer = Tokenizer.of(resources.resolve("a/tokenizer.json"));
      TokenRules rules = TokenRules.of(models.getFirst().checkpoint().config(), tokenizer);
      try (TokenTable table =
          TokenTable.fromText(List.of(text()), tokenizer, rules, context, tokens)) {
        json.put("tokens", table.tokens()).put("kept", table.kept());
        Correlations expected = null;
        try (Kernels vector = Backend.VECTOR.open(threads).kernels()) {
          json.put("reference", vector.description());
          expected = Correlations.of(vector, models, table, 8);
        }
        for (Precision precision : List.of(Precision.FP32, low())) {
          try (Kernels kernels = open(precision)) {
            ObjectNode node = json.putObject(precision.toString());
            double worst = Correlations.of(kernels, models, table, 8).compare(expected, node);
            if (precision == Precision.FP32) {
              node.put("tolerance", EQUIVALENCE_TOLERANCE);
              require(worst <= EQUIVALENCE_TOLERANCE, "correlations differ from the CPU's");
            }
          }
        }
      }
    } finally {
      models.forEach(model -> model.checkpoint().close());
    }
  }

  private Path text() {
    return resources.resolve("validation.jsonl.zst");
  }

  // ---- the forward pass ----

  private void forward(ObjectNode json) {
    ModelConfig config = quick ? RandomModel.tiny() : RandomModel.gpt2Small();
    int context = quick ? 64 : 512;
    int[] rows = quick ? new int[] {2} : new int[] {4, 32};
    RandomModel.describe(json.putObject("model"), config);
    ArrayNode runs = json.putArray("runs");
    try (MemoryCheckpoint checkpoint = RandomModel.inMemory(config, 1)) {
      for (Precision precision : precisions()) {
        for (int batch : rows) {
          long tokens = (long) batch * context;
          try (Kernels kernels = open(precision);
              Arena arena = Arena.ofShared()) {
            Transformer model = Transformer.of(checkpoint, kernels, arena, tokens);
            Tensor ids = kernels.fromHost(arena, RandomTensors.ids(arena, config, tokens));
            Tensor post = kernels.allocate(arena, DType.F32, tokens, config.neurons());
            double median =
                median(
                    () -> model.forward(ids, context, Activations.sites(null, post)),
                    () -> readBack(kernels, post));
            ObjectNode run = runs.addObject();
            run.put("precision", precision.toString());
            run.put("rows", batch).put("context", context);
            run.put("seconds", median).put("tokens_per_second", tokens / median);
            double flops = RandomModel.flopsPerToken(config, context) * tokens;
            run.put("tflops", flops / median / 1e12);
          }
        }
      }
    }
  }

  /** One element brought to the host: what was asked of the device before is done then. */
  private static double readBack(Kernels kernels, Tensor tensor) {
    try (Arena arena = Arena.ofConfined()) {
      Tensor last =
          tensor.rows(tensor.rows() - 1, tensor.rows()).columns(tensor.cols() - 1, tensor.cols());
      return kernels.toHost(arena, last).get(0, 0);
    }
  }

  /** Median seconds of {@link #ROUNDS} calls after two to warm up. */
  private static double median(Runnable work, Runnable wait) {
    double[] times = new double[ROUNDS];
    for (int round = -2; round < ROUNDS; round++) {
      long start = System.nanoTime();
      work.run();
      wait.run();
      if (round >= 0) {
        times[round] = seconds(start);
      }
    }
    Arrays.sort(times);
    return times[ROUNDS / 2];
  }

  // ---- the correlation update ----

  private void correlationUpdate(ObjectNode json) {
    int neurons = quick ? 512 : RandomModel.gpt2Small().neurons();
    long[] steps = quick ? new long[] {256, 1024} : new long[] {16_384, 65_536};
    json.put("neurons", neurons).put("data", "standard normal");
    json.put("peak_bf16_tflops", PEAK_BF16).put("peak_fp32_tflops", PEAK_FP32);
    ArrayNode runs = json.putArray("runs");
    for (Precision precision : precisions()) {
      for (long tokens : steps) {
        ObjectNode run = runs.addObject();
        run.put("precision", precision.toString()).put("tokens", tokens);
        double flops = 2.0 * tokens * neurons * neurons;
        try (Kernels kernels = open(precision);
            Arena arena = Arena.ofShared()) {
          Tensor a = RandomTensors.normal(kernels, arena, tokens, neurons, 1);
          Tensor b = RandomTensors.normal(kernels, arena, tokens, neurons, 2);
          Tensor sum = kernels.allocate(arena, DType.F64, neurons, neurons);
          double update =
              median(() -> kernels.crossProducts(a, b, sum), () -> readBack(kernels, sum));
          speed(run.putObject("update"), flops, update, precision);
        }
      }
      ObjectNode alone = runs.addObject();
      alone.put("precision", precision.toString()).put("tokens", steps[0]);
      productAlone(alone.putObject("product_alone"), precision, steps[0], neurons);
    }
  }

  private static void speed(ObjectNode json, double flops, double seconds, Precision precision) {
    double tflops = flops / seconds / 1e12;
    json.put("seconds", seconds).put("tflops", tflops);
    json.put("share_of_bf16_peak", tflops / PEAK_BF16);
    if (precision == Precision.FP32) {
      json.put("share_of_fp32_peak", tflops / PEAK_FP32);
    }
  }

  /** One block of the update as cuBLAS alone does it: without rounding and sums in double. */
  private void productAlone(ObjectNode json, Precision precision, long tokens, int neurons) {
    Torch torch = torch();
    Device device = torch.gpu().orElse(Device.CPU);
    int width = Math.min(neurons, 7168);
    ScalarType dtype = precision == Precision.BF16 ? ScalarType.BFLOAT16 : ScalarType.FLOAT32;
    try (Arena arena = Arena.ofConfined();
        TorchTensor left = RandomTensors.onDevice(torch, arena, dtype, device, tokens, neurons, 3);
        TorchTensor right = RandomTensors.onDevice(torch, arena, dtype, device, tokens, width, 4);
        TorchTensor transposed = left.t();
        TorchTensor out = torch.empty(ScalarType.FLOAT32, device, neurons, width);
        TorchTensor lastRow = out.rows(neurons - 1, neurons);
        TorchTensor corner = lastRow.columns(width - 1, width);
        TorchTensor cell = torch.empty(ScalarType.FLOAT32, Device.CPU, 1, 1)) {
      double median =
          median(
              () -> {
                if (device.isCuda()) {
                  try (Cublas cublas = Cublas.borrow(torch.blasHandle())) {
                    cublas.accumulateTransposed(out, left, right, 0);
                  }
                } else {
                  TorchGemm.mmInto(out, transposed, right);
                }
              },
              () -> cell.copyFrom(corner));
      json.put("columns", width);
      speed(json, 2.0 * tokens * neurons * width, median, precision);
    }
  }

  // ---- studies ----

  private void studyFamily(ObjectNode json) throws IOException {
    TokenInput input = TokenInput.text(text()).withContext(quick ? 64 : 256);
    StudyOptions options =
        StudyOptions.of(
                resources.resolve("a"),
                List.of(resources.resolve("b"), resources.resolve("c")),
                quick ? input.withMaxTokens(1536) : input)
            .withBatchRows(quick ? 8 : 64);
    StudyResult first = study(json.putObject("first"), options, Precision.FP32);
    StudyResult fp32 = study(json.putObject("fp32"), options, Precision.FP32);
    StudyResult again = study(json.putObject(low().toString() + "_again"), options, low());
    StudyDifference.describe(json.putObject("fp32_repeated"), first, fp32);
    StudyDifference.describe(json.putObject(low() + "_against_fp32"), again, fp32);
    Path out = scratch.resolve("run");
    fp32.write(RunFolder.create(out), TableFormat.CSV);
    try (Stream<Path> files = Files.list(out)) {
      json.put("files_written", files.count());
    }
  }

  private void studyOfGpt2Shape(ObjectNode json) throws IOException {
    ModelConfig config = quick ? RandomModel.tiny() : RandomModel.gpt2Small();
    Path tokenizer = resources.resolve("a/tokenizer.json");
    Path a = RandomModel.write(scratch.resolve("random-a"), config, 1, tokenizer);
    Path b = RandomModel.write(scratch.resolve("random-b"), config, 2, tokenizer);
    RandomModel.describe(json.putObject("model"), config);
    TokenInput input =
        TokenInput.text(text(), text())
            .withContext(quick ? 64 : 512)
            .withMaxTokens(quick ? 1024 : 262_144);
    StudyOptions options =
        StudyOptions.of(a, List.of(b), input)
            .withBatchRows(quick ? 8 : 32)
            .withExtent(StudyOptions.Extent.CORRELATIONS)
            .withBaseline(Baseline.rotation(1));
    StudyResult low = study(json.putObject(low().toString()), options, low());
    StudyResult fp32 = study(json.putObject("fp32"), options, Precision.FP32);
    StudyDifference.describe(json.putObject(low() + "_against_fp32"), low, fp32);
  }

  private StudyResult study(ObjectNode json, StudyOptions options, Precision precision) {
    try (Kernels kernels = open(precision)) {
      long start = System.nanoTime();
      StudyResult result = Study.run(options, kernels);
      json.put("seconds", seconds(start));
      json.put("tokens", result.facts().tokens().read());
      json.put("universal", result.universal());
      ArrayNode phases = json.putArray("phases");
      for (RunFacts.PhaseFacts phase : result.facts().phases()) {
        ObjectNode node = phases.addObject();
        node.put("name", phase.phase().toString()).put("seconds", phase.seconds());
        if (phase.tokens() > 0) {
          node.put("tokens_per_second", phase.tokensPerSecond());
        }
      }
      return result;
    }
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
