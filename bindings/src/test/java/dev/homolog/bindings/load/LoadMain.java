package dev.homolog.bindings.load;

import dev.homolog.bindings.Device;
import dev.homolog.bindings.ScalarType;
import dev.homolog.bindings.Torch;
import dev.homolog.bindings.TorchTensor;
import java.nio.file.Path;

/**
 * What tests start in a process of its own: opens libtorch as its environment says and prints what
 * happened.
 */
public final class LoadMain {
  private LoadMain() {}

  public static void main(String[] arguments) {
    LoadOptions options = LoadOptions.standard();
    for (String argument : arguments) {
      options =
          argument.equals("gpu")
              ? options.withGpu(GpuUse.REQUIRED)
              : options.withLibtorch(Path.of(argument));
    }
    try {
      Torch torch = Torch.open(options);
      try (TorchTensor x = torch.zeros(ScalarType.FLOAT32, Device.CPU, 2).fill(21)) {
        System.out.println("opened " + torch.library().source() + " " + torch.library().folder());
        torch.library().refusals().forEach(refusal -> System.out.println("refused " + refusal));
        System.out.println("handles " + Torch.liveHandles() + " of " + x);
      }
    } catch (NativeUnavailableException e) {
      System.out.println("unavailable " + e.getMessage());
    }
  }
}
