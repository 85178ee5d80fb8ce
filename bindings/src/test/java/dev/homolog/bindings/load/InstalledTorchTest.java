package dev.homolog.bindings.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders that look like an installed PyTorch, and what is said of those that cannot be used. */
class InstalledTorchTest {
  @TempDir Path environment;
  private Path torch;
  private Path lib;

  @BeforeEach
  void makeFolders() throws IOException {
    torch = environment.resolve("lib/python3.12/site-packages/torch");
    lib = torch.resolve("lib");
    Files.createDirectories(lib);
  }

  private void version(String version, String cuda) throws IOException {
    Files.writeString(
        torch.resolve("version.py"),
        """
        from typing import Optional

        __version__ = '%s'
        debug = False
        cuda: Optional[str] = %s
        git_version = '449b1768410104d3ed79d3bcfe4ba1d65c7f22c0'
        """
            .formatted(version, cuda));
  }

  private Refusal refusal(Path folder) {
    return assertThrows(
            RefusedException.class, () -> InstalledTorch.inspect(TorchSource.OPTION, folder))
        .of("--libtorch");
  }

  @Test
  void isFoundFromAnyOfItsFolders() throws Exception {
    version("2.11.0+cu128", "'12.8'");
    FakeLibrary.write(lib.resolve("libtorch_cpu.so"), TorchSymbols.cpu());
    Files.createFile(lib.resolve("libtorch_cuda.so"));
    for (Path named : List.of(lib, torch, torch.getParent())) {
      TorchFiles files = InstalledTorch.inspect(TorchSource.OPTION, named);
      assertEquals(lib, files.folder());
      assertEquals("2.11.0+cu128", files.version());
      assertEquals("12.8", files.cudaVersion());
      assertEquals(lib.resolve("libtorch_cuda.so"), files.torchCuda());
    }
    TorchFiles inside = InstalledTorch.inEnvironment(TorchSource.VIRTUAL_ENV, environment);
    assertEquals(lib, inside.folder());
  }

  @Test
  void plainLibtorchHasItsVersionInAnotherFile() throws Exception {
    Files.writeString(torch.resolve("build-version"), "2.12.1+cpu\n");
    FakeLibrary.write(lib.resolve("libtorch_cpu.so"), TorchSymbols.cpu());
    TorchFiles files = InstalledTorch.inspect(TorchSource.OPTION, torch);
    assertEquals("2.12.1+cpu", files.version());
    assertEquals(false, files.hasCuda());
  }

  @Test
  void oldVersionIsRefusedBeforeItIsRead() throws IOException {
    version("2.9.1+cu126", "'12.6'");
    Files.createFile(lib.resolve("libtorch_cpu.so"));
    assertEquals(
        "--libtorch (%s): libtorch 2.9.1+cu126 is older than 2.10; install PyTorch 2.10 or newer"
            .formatted(lib),
        refusal(torch).toString());
  }

  @Test
  void missingFunctionIsNamed() throws IOException {
    version("2.10.0", "None");
    List<String> some = new ArrayList<>(TorchSymbols.cpu());
    some.remove("torch_call_dispatcher");
    FakeLibrary.write(lib.resolve("libtorch_cpu.so"), some);
    assertEquals("libtorch 2.10.0 has no function torch_call_dispatcher", refusal(lib).reason());
    some.remove("aoti_torch_cpu_addmm_out");
    FakeLibrary.write(lib.resolve("libtorch_cpu.so"), some);
    assertEquals(
        "libtorch 2.10.0 has no function aoti_torch_cpu_addmm_out (nor 1 more)",
        refusal(lib).reason());
  }

  @Test
  void whatIsNoPyTorch() throws IOException {
    assertEquals("no such folder", refusal(environment.resolve("none")).reason());
    assertEquals("no libtorch_cpu.so in it", refusal(environment).reason());
    Files.writeString(lib.resolve("libtorch_cpu.so"), "not a library at all".repeat(10));
    assertEquals("not a shared library", refusal(lib).reason());
    assertEquals(
        "no PyTorch is installed in it",
        assertThrows(
                RefusedException.class,
                () -> InstalledTorch.inEnvironment(TorchSource.CONDA, environment.resolve("x")))
            .getMessage());
  }

  @Test
  void functionsThatMustBeThere() {
    assertEquals(64, TorchSymbols.cpu().size());
    assertEquals(20, TorchSymbols.cuda().size());
  }
}
