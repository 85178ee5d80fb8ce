package dev.homolog.analysis.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.table.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A run folder of any size with tables of every kind, made up: what a report of it must show is
 * known beforehand. Neuron 0 of layer 0 is constant, and the last of each layer is universal.
 *
 * @param chosen neurons that have tables of their own: the first of each layer, then the second …
 */
record PlantedRun(int layers, int width, List<String> others, int chosen, List<String> words) {
  static final String MODEL = "a";
  static final int POSITIONS = 64;
  static final int TOKENS = 20;
  static final int WINDOWS = 5;

  /** Text that is markup, script, a line end of scripts, or hides what stands beside it. */
  static final List<String> HOSTILE =
      List.of(
          "</script><script>window.harm=1</script>",
          "<img src=x onerror=\"window.harm=2\">",
          "<!--<script>",
          "]]>",
          "line\u2028separator\u2029",
          "\u202eright to left\u202c",
          "nul\u0000byte",
          "&lt;b&gt;",
          "\"'`${window.harm=3}",
          "javascript:window.harm=4",
          "\u05e9\u05dc\u05d5\u05dd",
          "\ufeff",
          " the",
          "\n",
          "\t",
          "\ud83e\udde0");

  /** A small run whose tokens are hostile. */
  static PlantedRun small() {
    return new PlantedRun(3, 40, List.of("b", "<i>c</i>"), 45, HOSTILE);
  }

  /** Of the shape of GPT-2 small, with as many cards as a page may have. */
  static PlantedRun large() {
    Random random = new Random(5);
    List<String> words = new ArrayList<>();
    for (int i = 0; i < 8192; i++) {
      StringBuilder word = new StringBuilder(random.nextInt(3) > 0 ? " " : "");
      for (int letters = 1 + random.nextInt(8); letters > 0; letters--) {
        word.append((char) ('a' + random.nextInt(26)));
      }
      words.add(word.toString());
    }
    return new PlantedRun(12, 3072, List.of("b", "c", "d", "e"), Chosen.MOST, words);
  }

  int count() {
    return layers * width;
  }

  /** The flat id of the i-th chosen neuron. */
  int chosen(int i) {
    return i % layers * width + i / layers;
  }

  double excess(int id) {
    return id % width == width - 1
        ? 0.6 + id / width * 1e-2
        : 0.4 * ((id * 37) % 100) / 100.0 + 0.01 * spread(id, "");
  }

  /** Writes only what {@code homolog correlate} does. */
  RunFolder correlations(Path folder, TableFormat format) {
    RunFolder run = RunFolder.create(folder);
    run.write(neurons(false), format);
    run.write(matches(), format);
    run.finish(study("correlate"));
    return RunFolder.open(folder);
  }

  /** Writes what {@code homolog weights} does: of one model alone, without any text. */
  RunFolder weights(Path folder, TableFormat format) {
    RunFolder run = RunFolder.create(folder);
    PlantedCards cards = new PlantedCards(this);
    Random random = new Random(13);
    Table.Builder neurons =
        Table.builder("neurons").ints("layer", layer()).ints("neuron", neuron());
    for (String name : List.of("w_in_norm", "w_out_norm", "vocab_skew", "vocab_kurt")) {
      neurons.doubles(name, column(random::nextGaussian));
    }
    run.write(neurons.build(), format);
    run.write(cards.neighbours(), format);
    run.write(cards.vocabulary(), format);
    run.write(cards.composition(), format);
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("command", "weights");
    json.putArray("models").addObject().put("role", "reference").put("name", MODEL);
    run.finish(json);
    return RunFolder.open(folder);
  }

  /** Writes every table. */
  RunFolder everything(Path folder, TableFormat format) {
    RunFolder run = RunFolder.create(folder);
    PlantedCards cards = new PlantedCards(this);
    run.write(neurons(true), format);
    run.write(matches(), format);
    run.write(histograms(), format);
    run.write(convergence(), format);
    run.write(byOther(), format);
    run.write(homologs(), format);
    run.write(comparison(), format);
    run.write(allButOne(), format);
    run.write(cards.tokens(), format);
    run.write(cards.positions(), format);
    run.write(cards.subsets(), format);
    run.write(cards.neuronHistograms(), format);
    run.write(cards.examples(), format);
    run.write(cards.neighbours(), format);
    run.write(cards.vocabulary(), format);
    run.write(cards.composition(), format);
    run.write(explanations(), format);
    PlantedRoles roles = new PlantedRoles(this);
    run.write(roles.prediction(), format);
    run.write(roles.entropy(), format);
    run.write(roles.attention(), format);
    run.finish(study("study"));
    return RunFolder.open(folder);
  }

  private ObjectNode study(String command) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("homolog", "0.1.0").put("command", command);
    json.putArray("models").addObject().put("role", "reference").put("name", MODEL);
    for (String other : others) {
      json.withArray("models").addObject().put("role", "other").put("name", other);
    }
    json.withArray("models")
        .forEach(model -> {
          ((ObjectNode) model).put("layers", layers).put("d_mlp", width).put("d_model", 64);
          ((ObjectNode) model).put("vocab_size", words.size()).put("constant_neurons", 1);
          ((ObjectNode) model).putObject("sha256").put("model.safetensors", "0123456789abcdef");
        });
    ObjectNode tokens = json.putObject("tokens");
    tokens.put("rows", 512).put("context", POSITIONS).put("read", 32768).put("kept", 32000);
    tokens.put("filter", "BOS").put("documents", 7).put("sha256", "fedcba");
    tokens.putArray("subsets").add(HOSTILE.getFirst());
    json.put("backend", "made up").put("precision", "fp32").put("similarity", "pearson");
    ObjectNode options = json.putObject("options");
    options.put("baseline", "rotation").put("baseline_draws", 1).put("threshold", 0.5);
    options.putArray("text").add(HOSTILE.get(1));
    ObjectNode result = json.putObject("result");
    result.put("neurons", count()).put("universal", layers).put("homologs", layers);
    others.forEach(other ->
        json.withArray("chance")
            .addObject()
            .put("other", other)
            .put("median", 0.02)
            .put("upper_5_percent", 0.03)
            .put("neurons_above", count() - 1));
    json.putArray("phases").addObject().put("name", "activations").put("seconds", 12.5);
    return json;
  }

  private int[] layer() {
    return IntStream.range(0, count()).map(id -> id / width).toArray();
  }

  private int[] neuron() {
    return IntStream.range(0, count()).map(id -> id % width).toArray();
  }

  /** A value a neuron; the constant one has none. */
  private double[] column(DoubleSupplier value) {
    double[] values = new double[count()];
    Arrays.setAll(values, id -> id == 0 ? Double.NaN : value.getAsDouble());
    return values;
  }

  Table neurons(boolean everything) {
    Random random = new Random(1);
    double[] excess = new double[count()];
    Arrays.setAll(excess, id -> id == 0 ? Double.NaN : excess(id));
    boolean[] universal = new boolean[count()];
    for (int id = 1; id < count(); id++) {
      universal[id] = excess[id] > 0.5;
    }
    double[] mean = new double[count()];
    Arrays.setAll(mean, id -> excess[id] + 0.3 + 0.01 * spread(id, MODEL));
    Table.Builder table = Table.builder("neurons").ints("layer", layer()).ints("neuron", neuron());
    if (everything) {
      for (String name :
          List.of("mean", "var", "skew", "kurt", "sparsity", "position_information")) {
        table.doubles(name, column(random::nextGaussian));
      }
    }
    for (String name : List.of("post_mean", "post_var", "post_skew", "post_kurt")) {
      table.doubles(name, column(random::nextGaussian));
    }
    table.doubles("max_corr", column(random::nextDouble)).doubles("mean_corr", mean);
    table.doubles("min_corr", column(random::nextDouble));
    table.doubles("max_baseline", column(random::nextDouble));
    table.doubles("mean_baseline", column(count() < 1000 ? () -> 0.3 : random::nextDouble));
    table.doubles("min_baseline", column(random::nextDouble));
    table.doubles("baseline_sd", column(() -> Double.NaN));
    table.doubles("excess_corr", excess).booleans("universal", universal);
    for (String name : List.of("r_mean", "r_var", "r_skew", "r_kurt")) {
      table.doubles(name, column(random::nextGaussian));
    }
    if (everything) {
      for (String name :
          List.of("w_in_norm", "w_out_norm", "input_bias", "in_out_sim", "l2_penalty")) {
        table.doubles(name, column(random::nextGaussian));
      }
      for (String of : List.of("vocab_", "vocab_dot_")) {
        for (String name : List.of("mean", "var", "skew", "kurt")) {
          table.doubles(of + name, column(random::nextGaussian));
        }
      }
      String[] families = {"token", "position", HOSTILE.get(1), "none"};
      table.texts("family", IntStream.range(0, count()).map(id -> id % 4).toArray(), families);
      table.texts(
          "family_feature",
          IntStream.range(0, count()).mapToObj(this::word).toArray(String[]::new));
      table.doubles("family_score", column(random::nextDouble));
      table.texts(
          "runner_up",
          IntStream.range(0, count()).mapToObj(id -> word(id / 2)).toArray(String[]::new));
      table.doubles("margin", column(random::nextDouble));
    }
    return table.build();
  }

  private String word(int i) {
    return words.get(Math.floorMod(i * 31, words.size()));
  }

  /** The best three and the lowest, both ways; neuron n's best is n + 1 of the next layer. */
  private Table matches() {
    Table.Builder table = Table.builder("matches");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var other = table.texts("other");
    var direction = table.texts("direction");
    var rank = table.ints("rank");
    var otherLayer = table.ints("other_layer");
    var otherNeuron = table.ints("other_neuron");
    var r = table.doubles("correlation");
    for (String model : others) {
      for (String way : List.of("out", "back")) {
        for (int id = 0; id < count(); id++) {
          for (int at : new int[] {1, 2, 3, -1}) {
            boolean none = id == 0 && way.equals("out");
            int elsewhere = (int) (spread(id, model) * count());
            int match = way.equals("out") ? best(id) + elsewhere + at - 1 : id - width - 1 + at - 1;
            layer.add(id / width);
            neuron.add(id % width);
            other.add(model);
            direction.add(way);
            rank.add(at);
            otherLayer.add(none ? -1 : Math.floorMod(match, count()) / width);
            otherNeuron.add(none ? -1 : Math.floorMod(match, width));
            r.add(none ? Double.NaN : at > 0 ? 0.9 - 0.1 * at - spread(id, model) : -0.4);
          }
        }
      }
    }
    return table.build();
  }

  int best(int id) {
    return (id + width + 1) % count();
  }

  /**
   * In a large run no two correlations are alike, so that they compress no better than real ones.
   */
  private double spread(int id, String model) {
    return count() < 1000 ? 0 : new SplittableRandom(id ^ model.hashCode()).nextDouble();
  }

  private Table histograms() {
    Table.Builder table = Table.builder("histograms");
    var what = table.texts("what");
    var other = table.texts("other");
    var low = table.doubles("low");
    var high = table.doubles("high");
    var count = table.longs("count");
    for (String model : others) {
      for (int bin = 0; bin < 100; bin++) {
        what.add("correlation");
        other.add(model);
        low.add(-1 + bin / 50.0);
        high.add(-1 + (bin + 1) / 50.0);
        count.add(Math.round(1e6 * Math.exp(-Math.pow((bin - 50) / 8.0, 2))));
      }
    }
    return table.build();
  }

  private Table convergence() {
    double[] shares = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1};
    IntFunction<double[]> change =
        scale -> Arrays.stream(shares).map(s -> scale * 0.01 * (1 - s)).toArray();
    return Table.builder("convergence")
        .doubles("share", shares)
        .longs("tokens", Arrays.stream(shares).mapToLong(s -> (long) (s * 32768)).toArray())
        .ints("neurons", Arrays.stream(shares).mapToInt(_ -> count()).toArray())
        .doubles("change_q50", change.apply(1))
        .doubles("change_q90", change.apply(2))
        .doubles("change_q99", change.apply(3))
        .doubles("change_max", change.apply(4))
        .ints("universal", Arrays.stream(shares).mapToInt(_ -> layers).toArray())
        .build();
  }

  private Table byOther() {
    int n = others.size();
    double[] half = new double[n];
    Arrays.fill(half, 0.5);
    int[] all = new int[n];
    Arrays.fill(all, count() - 1);
    return Table.builder("by_other")
        .texts("other", others.toArray(String[]::new))
        .longs("step", LongStream.generate(() -> -1).limit(n).toArray())
        .ints("neurons", all)
        .ints("universal", all)
        .doubles("mean_corr", half)
        .doubles("median_corr", half)
        .doubles("mean_baseline", half)
        .ints("homologs", all)
        .build();
  }

  /** A group a layer: its last neuron, with one member in the first other model. */
  private Table homologs() {
    Table.Builder table = Table.builder("homologs");
    var group = table.ints("group");
    var model = table.texts("model");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var mean = table.doubles("mean_correlation");
    var cohesion = table.doubles("cohesion");
    var agreement = table.doubles("agreement");
    for (int l = 0; l < layers; l++) {
      for (String of : List.of(MODEL, others.getFirst())) {
        group.add(l);
        model.add(of);
        layer.add(l);
        neuron.add(width - 1);
        mean.add(0.8);
        cohesion.add(0.75);
        agreement.add(l == 0 ? 1 : 0.5);
      }
    }
    return table.build();
  }

  private Table comparison() {
    double[] one = {0.25};
    return Table.builder("comparison")
        .texts("statistic", new String[] {"kurt"})
        .ints("universal", new int[] {layers})
        .ints("others", new int[] {count() - layers})
        .doubles("universal_mean", one)
        .doubles("other_mean", one)
        .doubles("percentile_q25", one)
        .doubles("percentile_q50", one)
        .doubles("percentile_q75", one)
        .doubles("effect", one)
        .doubles("chance_of_more", one)
        .doubles("p", one)
        .build();
  }

  /** Neuron 5 of each layer, missing in the last other model. */
  private Table allButOne() {
    double[] there = new double[layers];
    double[] elsewhere = new double[layers];
    Arrays.fill(elsewhere, 0.55);
    return Table.builder("all_but_one")
        .ints("layer", IntStream.range(0, layers).toArray())
        .ints("neuron", IntStream.range(0, layers).map(_ -> 5).toArray())
        .texts("missing", new int[layers], new String[] {others.getLast()})
        .doubles("excess_there", there)
        .doubles("least_excess_elsewhere", elsewhere)
        .build();
  }

  private Table explanations() {
    Table.Builder table = Table.builder("explanations");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var rank = table.ints("rank");
    var kind = table.texts("kind");
    var feature = table.texts("feature");
    var token = table.ints("token");
    var explained = table.doubles("variance_explained");
    var share = table.doubles("share");
    var with = table.doubles("mean_with");
    var without = table.doubles("mean_without");
    Random random = new Random(12);
    for (int id = 0; id < count(); id++) {
      for (int at = 1; at <= 6; at++) {
        layer.add(id / width);
        neuron.add(id % width);
        rank.add(at);
        kind.add(at % 2 == 0 ? "token" : "previous_class");
        feature.add(word(id + at));
        token.add(-1);
        explained.add(0.6 / at);
        share.add(random.nextDouble());
        with.add(random.nextGaussian());
        without.add(random.nextGaussian());
      }
    }
    return table.build();
  }
}
