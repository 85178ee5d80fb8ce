package dev.homolog.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.bindings.Torch;
import dev.homolog.bindings.load.GpuUse;
import dev.homolog.bindings.load.LoadOptions;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jdk.incubator.vector.FloatVector;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Kernels of the Vector API beside libtorch's (OpenBLAS) and netlib's, each in a JVM of its own and
 * the sides of a kernel one after the other. Prints a table, of the processor's time, and writes a
 * JSON, with the clock's too.
 */
public final class KernelBench {
  private static final List<String> KERNELS =
      List.of(
          "crossProducts",
          "gram",
          "linear",
          "linearActivate",
          "attention",
          "layerNorm",
          "standardize",
          "powerSums",
          "topK");

  private final Arguments arguments;
  private final ObjectNode report = new ObjectMapper().createObjectNode();
  private final Map<Integer, double[]> limits = new HashMap<>();
  private double flopsOfCore;

  private KernelBench(Arguments arguments) {
    this.arguments = arguments;
  }

  public static void main(String[] args) throws IOException, RunnerException {
    new KernelBench(new Arguments(args, Set.of("--out", "--kernel", "--threads"), Set.of())).run();
  }

  private void run() throws IOException, RunnerException {
    Machine.describe(report);
    Torch torch = Torch.open(LoadOptions.standard().withGpu(GpuUse.NEVER));
    Machine.describe(report, torch);
    try (Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      report.put("vector", kernels.description());
    }
    report.put("jmh", "1.37").put("netlib", "dev.ludovic.netlib:blas 3.2.0, VectorBLAS");
    ArrayNode results = report.putArray("results");
    System.out.println(
        "| kernel | shape | threads | Vector API | libtorch | libtorch's time / ours | of the limit"
            + " |");
    System.out.println("|---|---|---|---|---|---|---|");
    int most = arguments.number("--threads", Runtime.getRuntime().availableProcessors());
    for (int threads : threads(most)) {
      limits.put(threads, limits(threads));
      one("gemm", "1024", "family", threads, results);
      for (String kernel : KERNELS) {
        for (String shape : List.of("family", "gpt2")) {
          one(kernel, shape, shape, threads, results);
        }
      }
    }
    Path out = Path.of(arguments.require("--out"));
    Files.writeString(out, report.toPrettyString() + "\n");
    System.out.println("\n" + out);
  }

  private static List<Integer> threads(int most) {
    return most == 1 ? List.of(1) : List.of(1, most);
  }

  /** FLOP/s of as many cores as one alone reaches at best, and bytes/s of all threads together. */
  private double[] limits(int threads) throws RunnerException {
    if (flopsOfCore == 0) {
      double flops =
          2.0
              * KernelBenchmark.FMA_STEPS
              * KernelBenchmark.FMA_SUMS
              * FloatVector.SPECIES_PREFERRED.length();
      flopsOfCore = flops / best("fma$", 1);
    }
    double copied = 8.0 * KernelBenchmark.COPIED;
    double[] limit = {threads * flopsOfCore, threads * copied / best("copy$", threads)};
    ObjectNode json = report.withObject("/limits").putObject(threads + " threads");
    json.put("gflops", limit[0]).put("gigabytes_per_second", limit[1]);
    return limit;
  }

  private static double best(String benchmark, int threads) throws RunnerException {
    Runner runner = new Runner(options(threads).include(benchmark).build());
    return times(runner.run().iterator().next())[0];
  }

  private static ChainedOptionsBuilder options(int threads) {
    return new OptionsBuilder()
        .forks(1)
        .threads(threads)
        .warmupIterations(14)
        .warmupTime(TimeValue.milliseconds(250))
        .measurementIterations(9)
        .measurementTime(TimeValue.milliseconds(150))
        .verbosity(VerboseMode.SILENT)
        .shouldFailOnError(true);
  }

  private void one(String kernel, String label, String shape, int threads, ArrayNode results)
      throws RunnerException {
    if (!arguments.get("--kernel").orElse(kernel).equals(kernel)) {
      return;
    }
    List<String> sides = new ArrayList<>(List.of("vector", "torch"));
    if (kernel.equals("gemm") && threads == 1) {
      sides.add("netlib");
    }
    double flops;
    double bytes;
    try (Arena arena = Arena.ofShared()) {
      KernelWork work = KernelWork.of(kernel, KernelWork.Shape.of(shape), arena);
      flops = work.flops();
      bytes = work.bytes();
    }
    double[] medians = new double[sides.size()];
    double work = flops + bytes;
    for (int i = 0; i < sides.size(); i++) {
      RunResult result =
          new Runner(
                  options(1)
                      .include("KernelBenchmark.kernel$")
                      .param("kernel", kernel)
                      .param("shape", shape)
                      .param("side", sides.get(i))
                      .param("threadsOfKernels", Integer.toString(threads))
                      .build())
              .run()
              .iterator()
              .next();
      double[] clock = times(result);
      double[] processor = processorTimes(result);
      medians[i] = processor[processor.length / 2] / threads;
      ObjectNode json = results.addObject();
      json.put("kernel", kernel).put("shape", label).put("threads", threads);
      json.put("side", sides.get(i)).put("processor_median_ns", medians[i] * threads);
      json.put("clock_median_ns", clock[clock.length / 2]).put("clock_best_ns", clock[0]);
      json.put(flops > 0 ? "gflops" : "gigabytes_per_second", work / medians[i]);
      Arrays.stream(processor).forEach(json.putArray("processor_ns")::add);
      Arrays.stream(clock).forEach(json.putArray("clock_ns")::add);
    }
    double limit = limits.get(threads)[flops > 0 ? 0 : 1];
    String unit = flops > 0 ? "GFLOP/s" : "GB/s";
    for (int i = 1; i < sides.size(); i++) {
      System.out.printf(
          "| `%s` | %s | %d | %.1f %s | %.1f%s | %.2f | %.2f |%n",
          kernel,
          label,
          threads,
          work / medians[0],
          unit,
          work / medians[i],
          i == 2 ? " (netlib)" : "",
          medians[i] / medians[0],
          work / medians[0] / limit);
    }
  }

  /** Nanoseconds of the processor a call, of each iteration, the fastest first. */
  private static double[] processorTimes(RunResult result) {
    return result.getBenchmarkResults().stream()
        .flatMap(benchmark -> benchmark.getIterationResults().stream())
        .mapToDouble(iteration -> {
          var counters = iteration.getSecondaryResults();
          return counters.get("nanos").getScore() / counters.get("calls").getScore();
        })
        .sorted()
        .toArray();
  }

  /** Nanoseconds a call, of each iteration, the fastest first. */
  private static double[] times(RunResult result) {
    return result.getBenchmarkResults().stream()
        .flatMap(benchmark -> benchmark.getIterationResults().stream())
        .map(IterationResult::getPrimaryResult)
        .mapToDouble(iteration -> iteration.getScore())
        .sorted()
        .toArray();
  }
}
