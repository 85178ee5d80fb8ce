package dev.homolog.analysis.input;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingStepTest {
  @TempDir Path folder;

  private static void step(String name, String series, long step) {
    assertEquals(Optional.of(new TrainingStep(series, step)), TrainingStep.of(name), name);
  }

  @Test
  void namesThatSayAStep() {
    step("/m/step1000", "/m/step", 1000);
    step("/m/run_step12", "/m/run_step", 12);
    step("/m/global_step0", "/m/global_step", 0);
    step("/m/checkpoint-400", "/m/checkpoint-", 400);
    step("/m/checkpoint_400", "/m/checkpoint_", 400);
    step("/m/20000", "/m/", 20000);
    step("EleutherAI/pythia-160m@step3000", "EleutherAI/pythia-160m@step", 3000);
    step("stanford-crfm/alias@checkpoint-400000", "stanford-crfm/alias@checkpoint-", 400_000);
    step("org/name@512", "org/name@", 512);
  }

  @Test
  void namesThatDoNot() {
    for (String name :
        List.of(
            "/m/seed1",
            "/m/gpt2",
            "org/pythia-160m",
            "/step1000/model",
            "/m/step",
            "/m/step1000b",
            "/m/a1")) {
      assertEquals(Optional.empty(), TrainingStep.of(name), name);
    }
  }

  @Test
  void namesOfModelsAreDistinct() throws IOException {
    String hash = "0123456789".repeat(4);
    Path model = folder.resolve("models--org--name");
    Path snapshot = Files.createDirectories(model.resolve("snapshots").resolve(hash));
    Files.createDirectories(model.resolve("refs"));
    Files.writeString(model.resolve("refs/step3000"), hash);
    Path one = folder.resolve("a/step1000");
    Path two = folder.resolve("b/step1000");
    assertEquals(
        List.of(one + "", two + "", "c", "org/name@step3000", one + " (2)"),
        ModelNames.of(List.of(one, two, Path.of("c"), snapshot, one)));
  }
}
