package dev.homolog.core.intervention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.checkpoint.HuggingFaceCheckpoint;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.NeuronId;
import dev.homolog.core.model.Site;
import dev.homolog.core.stream.ProgressListener;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Metrics of every position under interventions of all modes, at both sites, in several layers at
 * once, as they are and with parts frozen, against hooks on transformers in double. GPT-2 and
 * GPT-NeoX; test-resources/scripts/interventions.py made the values.
 */
class InterventionGoldenTest {
  private static final double TOLERANCE = 1e-4;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"SCALAR", "VECTOR", "TORCH"})
  void metricsAgreeWithHooksOnTransformers(Backend backend) throws IOException {
    Path models = Texts.FAMILY.resolve("models");
    try (Kernels kernels = backend.open(2).kernels()) {
      for (String name :
          List.of("gpt2-untied", "gpt2-inverse-layer", "neox-parallel", "neox-sequential")) {
        check(kernels, models.resolve(name), models.resolve(name), 1);
      }
      if (backend != Backend.SCALAR) {
        check(kernels, Texts.FAMILY.resolve("a"), Texts.FAMILY, 0);
      }
    }
  }

  private void check(Kernels kernels, Path model, Path golden, int eos) throws IOException {
    Map<String, List<Intervention>> named = variants();
    List<List<Intervention>> variants = List.copyOf(named.values());
    List<String> names = List.copyOf(named.keySet());
    try (var checkpoint = HuggingFaceCheckpoint.open(model);
        var ids = SafetensorsFile.open(golden.resolve("golden.safetensors"));
        var expected = SafetensorsFile.open(golden.resolve("interventions.safetensors"));
        Arena arena = Arena.ofShared()) {
      StoredTensor stored = ids.tensor("input_ids");
      Tensor rows =
          Tensor.wrap(stored.data(), DType.I32, stored.shape().get(0), stored.shape().get(1));
      int vocabulary = checkpoint.config().vocabSize();
      try (Texts texts = Texts.of(folder, rows, vocabulary, eos)) {
        for (boolean frozen : new boolean[] {false, true}) {
          List<Reading> readings =
              frozen ? List.of(Reading.TOTAL) : List.of(Reading.TOTAL, Reading.FROZEN_SCALE);
          var options = new Sweep.Options(frozen, readings, Sweep.Vocabulary.NONE);
          Sweep sweep = new Sweep(checkpoint, kernels, arena, rows.size(), variants, options);
          List<String> compared = new ArrayList<>();
          sweep.run(
              texts.batches((int) rows.rows()),
              ProgressListener.NONE,
              metrics -> {
                String name = metrics.variant() < 0 ? "nominal" : names.get(metrics.variant());
                name += frozen && metrics.variant() >= 0 ? ".attention" : "";
                name += metrics.reading() == Reading.FROZEN_SCALE ? ".scale" : "";
                compare(model + " " + name, expected.tensor(name), metrics.values());
                compared.add(name);
              });
          assertEquals(1 + readings.size() * variants.size(), compared.size());
        }
      }
    }
  }

  private static void compare(String name, StoredTensor stored, Tensor values) {
    Tensor golden = Tensor.wrap(stored.data(), stored.dtype(), values.rows(), 4);
    int[] columns = {0, 1, 2, 4};
    for (int t = 0; t < values.rows(); t++) {
      for (int c = 0; c < 4; c++) {
        double e = golden.get(t, c);
        double a = values.get(t, columns[c]);
        String where = name + " [" + t + ", " + c + "]: " + e + " and " + a;
        assertEquals(Double.isNaN(e), Double.isNaN(a), where);
        assertTrue(
            Double.isNaN(e) || Math.abs(e - a) <= TOLERANCE * Math.max(1, Math.abs(e)), where);
      }
      assertEquals(1 / (values.get(t, 2) + 1), values.get(t, 3), 1e-15, name);
    }
  }

  static Map<String, List<Intervention>> variants() throws IOException {
    Map<String, List<Intervention>> named = new TreeMap<>();
    JsonNode json =
        new ObjectMapper()
            .readTree(Texts.FAMILY.resolve("models/interventions.json").toFile())
            .get("variants");
    json.properties()
        .forEach(entry -> {
          List<Intervention> interventions = new ArrayList<>();
          entry.getValue().forEach(one -> interventions.add(intervention(one)));
          named.put(entry.getKey(), interventions);
        });
    return named;
  }

  private static Intervention intervention(JsonNode json) {
    List<NeuronId> neurons = new ArrayList<>();
    json.get("neurons")
        .forEach(id -> neurons.add(new NeuronId(id.get(0).intValue(), id.get(1).intValue())));
    return new Intervention(
        json.get("site").asText().equals("pre") ? Site.MLP_PRE : Site.MLP_POST,
        neurons,
        Mode.parse(json.get("mode").asText()),
        json.get("value").doubleValue(),
        new Positions(json.get("from").intValue(), json.get("to").intValue()));
  }
}
