package dev.homolog.analysis.report;

import dev.homolog.analysis.table.Table;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/** The tables of roles of a planted run: neuron 3 of each layer has every role there is. */
record PlantedRoles(PlantedRun run) {
  static final int NEURON = 3;
  private static final double[] VALUES = {-0.17, 0, 1, 2, 3, 4, 5, 6};
  private static final String[] CANDIDATES = {"entropy", "frequency", "control"};

  Table prediction() {
    int count = run.count();
    String[] role = new String[count];
    String[] set = new String[count];
    int[] size = new int[count];
    boolean[] confirmed = new boolean[count];
    for (int id = 0; id < count; id++) {
      boolean has = id % run.width() == NEURON;
      role[id] = has ? "prediction" : id % 7 == 0 ? "suppression" : "none";
      set[id] = has ? PlantedRun.HOSTILE.get(1) : "";
      size[id] = has ? 12 : 0;
      confirmed[id] = has;
    }
    return Table.builder("prediction")
        .ints("layer", IntStream.range(0, count).map(id -> id / run.width()).toArray())
        .ints("neuron", IntStream.range(0, count).map(id -> id % run.width()).toArray())
        .doubles("vocab_kurt", new double[count])
        .texts("role", role)
        .texts("set", set)
        .ints("set_size", size)
        .doubles("variance_reduction", where(confirmed, 0.4))
        .doubles("welch_t", where(confirmed, 9))
        .doubles("set_probability", where(confirmed, 0.01))
        .doubles("set_probability_raised", where(confirmed, 0.02))
        .booleans("confirmed", confirmed)
        .build();
  }

  private static double[] where(boolean[] those, double value) {
    return IntStream.range(0, those.length)
        .mapToDouble(i -> those[i] ? value : Double.NaN)
        .toArray();
  }

  /** For each layer a candidate for entropy, one for frequency, and one drawn at random. */
  Table entropy() {
    int rows = run.layers() * CANDIDATES.length;
    int[] neuron = IntStream.range(0, rows).map(i -> NEURON + i % CANDIDATES.length).toArray();
    Table.Builder table =
        Table.builder("entropy")
            .ints("layer", IntStream.range(0, rows).map(i -> i / CANDIDATES.length).toArray())
            .ints("neuron", neuron)
            .texts("candidate", IntStream.range(0, rows).map(i -> i % 3).toArray(), CANDIDATES);
    for (String name :
        new String[] {
          "w_out_norm",
          "vocab_var",
          "null_share",
          "score",
          "frequency_cosine",
          "cosine_ratio",
          "entropy_effect",
          "entropy_effect_mediated",
          "divergence_effect",
          "frequency_effect"
        }) {
      table.doubles(name, new Random(name.hashCode()).doubles(rows).toArray());
    }
    boolean[] sets = new boolean[rows];
    boolean[] frequency = new boolean[rows];
    for (int i = 0; i < rows; i++) {
      sets[i] = i % 3 == 0;
      frequency[i] = i % 3 == 1;
    }
    table.booleans("sets_entropy", sets).booleans("sets_frequency", frequency);
    double[][] values = new double[rows][];
    Arrays.fill(values, VALUES);
    table.doubleLists("values", values);
    for (String name : new String[] {"loss", "entropy", "scale"}) {
      double[][] sweep = new double[rows][];
      Arrays.setAll(
          sweep, i -> Arrays.stream(VALUES).map(v -> 3 + v * (i % 3 == 2 ? 0.01 : 0.2)).toArray());
      table.doubleLists(name, sweep);
    }
    return table.build();
  }

  /** Each layer's neuron and the two heads of the next. */
  Table attention() {
    Table.Builder table = Table.builder("attention");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var headLayer = table.ints("head_layer");
    var head = table.ints("head");
    var effect = table.doubles("bos_effect");
    var norm = table.doubles("z_norm_change");
    var attention = table.doubles("bos_attention");
    var change = table.doubles("bos_attention_change");
    var spearman = table.doubles("bos_attention_spearman");
    var found = table.booleans("found");
    for (int l = 0; l + 1 < run.layers(); l++) {
      for (int h = 0; h < 2; h++) {
        layer.add(l);
        neuron.add(NEURON);
        headLayer.add(l + 1);
        head.add(h);
        effect.add(-2.5);
        norm.add(0.3);
        attention.add(0.6);
        change.add(h == 0 ? -0.2 : 0.01);
        spearman.add(-0.8);
        found.add(h == 0);
      }
    }
    return table.build();
  }
}
