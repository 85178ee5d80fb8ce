package dev.homolog.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.bindings.Cublas;
import dev.homolog.bindings.CudaRuntime;
import dev.homolog.bindings.Torch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.Stream;

/** What a benchmark ran on. */
final class Machine {
  private Machine() {}

  /** Date, processor, memory, system and Java. */
  static void describe(ObjectNode json) {
    json.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    json.put("cpu", field("/proc/cpuinfo", "model name"));
    json.put("cores", Runtime.getRuntime().availableProcessors());
    json.put("memory", field("/proc/meminfo", "MemTotal"));
    json.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    json.put("java", Runtime.version().toString());
    var descriptor = Machine.class.getModule().getDescriptor();
    json.put("homolog", descriptor == null ? "" : descriptor.rawVersion().orElse(""));
  }

  /** The libtorch of this process and, where it runs on one, the GPU. */
  static void describe(ObjectNode json, Torch torch) {
    json.put("libtorch", torch.library().version());
    json.put("libtorch_abi", torch.library().abi().toString());
    if (torch.gpu().isPresent()) {
      int device = torch.gpu().get().index();
      CudaRuntime cuda = CudaRuntime.loaded().orElseThrow();
      ObjectNode gpu = json.putObject("gpu");
      gpu.put("name", cuda.deviceName(device));
      gpu.put("compute_capability", cuda.computeCapability(device) / 10.0);
      gpu.put("multiprocessors", cuda.multiprocessors(device));
      gpu.put("memory_bytes", cuda.memory().total());
      gpu.put("cuda_runtime", cuda.runtimeVersion());
      gpu.put("cuda_of_driver", cuda.driverVersion());
      try (Cublas cublas = Cublas.borrow(torch.blasHandle())) {
        gpu.put("cublas", cublas.version());
      }
      gpu.put("driver", firstLine("/proc/driver/nvidia/version"));
    }
  }

  private static String field(String file, String name) {
    try (Stream<String> lines = Files.lines(Path.of(file), StandardCharsets.ISO_8859_1)) {
      return lines
          .filter(line -> line.startsWith(name))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }

  private static String firstLine(String file) {
    try (Stream<String> lines = Files.lines(Path.of(file), StandardCharsets.ISO_8859_1)) {
      return lines.findFirst().orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
