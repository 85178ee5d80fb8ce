package dev.homolog.analysis.report;

import dev.homolog.analysis.table.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** The tables of a planted run that have rows of its chosen neurons alone. */
record PlantedCards(PlantedRun run) {
  private static final int REACH = 10;

  Table tokens() {
    Table.Builder table = Table.builder("tokens");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var rank = table.ints("rank");
    var token = table.ints("token");
    var text = table.texts("text");
    var mean = table.doubles("mean");
    var max = table.doubles("max");
    var seen = table.longs("count");
    Random random = new Random(2);
    for (int i = 0; i < run.chosen(); i++) {
      for (int at = 0; at < PlantedRun.TOKENS; at++) {
        int word = Math.floorMod((run.chosen(i) + at) * 31, run.words().size());
        layer.add(run.chosen(i) / run.width());
        neuron.add(run.chosen(i) % run.width());
        rank.add(at + 1);
        token.add(word);
        text.add(run.words().get(word));
        mean.add(3.0 / (at + 1));
        max.add(5 * random.nextDouble());
        seen.add(4 + random.nextInt(1000));
      }
    }
    return table.build();
  }

  Table positions() {
    Table.Builder table = Table.builder("positions");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var position = table.ints("position");
    var mean = table.doubles("mean");
    var max = table.doubles("max");
    var seen = table.longs("count");
    Random random = new Random(3);
    for (int i = 0; i < run.chosen(); i++) {
      for (int at = 0; at < PlantedRun.POSITIONS; at++) {
        layer.add(run.chosen(i) / run.width());
        neuron.add(run.chosen(i) % run.width());
        position.add(at);
        mean.add(random.nextDouble());
        max.add(1 + random.nextDouble());
        seen.add(512);
      }
    }
    return table.build();
  }

  Table subsets() {
    Table.Builder table = Table.builder("subsets");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var subset = table.texts("subset");
    var mean = table.doubles("mean");
    var max = table.doubles("max");
    var seen = table.longs("count");
    Random random = new Random(4);
    for (int i = 0; i < run.chosen(); i++) {
      for (int at = 0; at < 8; at++) {
        layer.add(run.chosen(i) / run.width());
        neuron.add(run.chosen(i) % run.width());
        subset.add(PlantedRun.HOSTILE.get(at));
        mean.add(random.nextDouble());
        max.add(1 + random.nextDouble());
        seen.add(4096);
      }
    }
    return table.build();
  }

  Table neuronHistograms() {
    Table.Builder table = Table.builder("neuron_histograms");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var low = table.doubles("low");
    var high = table.doubles("high");
    var count = table.longs("count");
    Random random = new Random(6);
    double step = 25.0 / 255;
    for (int i = 0; i < run.chosen(); i++) {
      for (int bin = i % 5 == 0 ? -1 : 60; bin < 140; bin++) {
        layer.add(run.chosen(i) / run.width());
        neuron.add(run.chosen(i) % run.width());
        low.add(bin < 0 ? Double.NEGATIVE_INFINITY : -10 + bin * step);
        high.add(-10 + (bin + 1) * step);
        count.add(1 + random.nextInt(1000));
      }
    }
    return table.build();
  }

  Table examples() {
    Table.Builder table = Table.builder("examples");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var rank = table.ints("rank");
    var model = table.texts("model");
    var modelLayer = table.ints("model_layer");
    var modelNeuron = table.ints("model_neuron");
    var document = table.texts("document");
    var row = table.longs("row");
    var position = table.ints("position");
    var first = table.ints("first");
    var tokens = table.intLists("tokens");
    var texts = table.textLists("texts");
    var activations = table.doubleLists("activations");
    Random random = new Random(7);
    List<String> models = new ArrayList<>(run.others());
    models.addFirst(PlantedRun.MODEL);
    int length = 2 * REACH + 1;
    for (int i = 0; i < run.chosen(); i++) {
      for (int at = 1; at <= PlantedRun.WINDOWS + 1; at++) {
        int[] ids = random.doubles(length).mapToInt(this::common).toArray();
        for (int m = 0; m < (at > PlantedRun.WINDOWS ? 1 : models.size()); m++) {
          layer.add(run.chosen(i) / run.width());
          neuron.add(run.chosen(i) % run.width());
          rank.add(at);
          model.add(models.get(m));
          modelLayer.add(
              m == 0 ? run.chosen(i) / run.width() : run.best(run.chosen(i)) / run.width());
          modelNeuron.add(
              m == 0 ? run.chosen(i) % run.width() : run.best(run.chosen(i)) % run.width());
          document.add("pile.jsonl, line " + i);
          row.add(at * 100L);
          position.add(30);
          first.add(30 - REACH);
          tokens.add(ids);
          texts.add(Arrays.stream(ids).mapToObj(run.words()::get).toArray(String[]::new));
          double[] values = new double[length];
          Arrays.setAll(values, _ -> gelu(random.nextGaussian()));
          values[REACH] = 5.0 / at;
          activations.add(values);
        }
      }
    }
    return table.build();
  }

  /** A word's number from a number in [0, 1): the first run.words() are common, as in any text. */
  private int common(double share) {
    return (int) Math.min(run.words().size() - 1, Math.pow(run.words().size() + 1, share) - 1);
  }

  /** Mostly slightly negative, as activations are; below 1. */
  private static double gelu(double x) {
    return Math.min(0.9, 0.5 * x * (1 + Math.tanh(0.8 * x)));
  }

  Table neighbours() {
    Table.Builder table = Table.builder("neighbours");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var kind = table.texts("kind");
    var rank = table.ints("rank");
    var otherLayer = table.ints("other_layer");
    var otherNeuron = table.ints("other_neuron");
    var cosine = table.doubles("cosine");
    Random random = new Random(8);
    for (int i = 0; i < run.chosen(); i++) {
      for (String of : List.of("in_in", "in_out", "out_in", "out_out")) {
        for (int at = 1; at <= 6; at++) {
          layer.add(run.chosen(i) / run.width());
          neuron.add(run.chosen(i) % run.width());
          kind.add(of);
          rank.add(at);
          otherLayer.add(random.nextInt(run.layers()));
          otherNeuron.add(random.nextInt(run.width()));
          cosine.add(random.nextDouble());
        }
      }
    }
    return table.build();
  }

  Table vocabulary() {
    Table.Builder table = Table.builder("vocabulary");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var space = table.texts("space");
    var rank = table.ints("rank");
    var token = table.ints("token");
    var text = table.texts("text");
    var cosine = table.doubles("cosine");
    Random random = new Random(9);
    for (int i = 0; i < run.chosen(); i++) {
      for (String of : List.of("E_in", "U_in", "E_out", "U_out")) {
        for (int at = -13; at <= 13; at++) {
          if (at != 0) {
            int id = random.nextInt(run.words().size());
            layer.add(run.chosen(i) / run.width());
            neuron.add(run.chosen(i) % run.width());
            space.add(of);
            rank.add(at);
            token.add(id);
            text.add(run.words().get(id));
            cosine.add(Math.signum(at) * random.nextDouble());
          }
        }
      }
    }
    return table.build();
  }

  Table composition() {
    Table.Builder table = Table.builder("composition");
    var layer = table.ints("layer");
    var neuron = table.ints("neuron");
    var kind = table.texts("kind");
    var rank = table.ints("rank");
    var headLayer = table.ints("head_layer");
    var head = table.ints("head");
    var composition = table.doubles("composition");
    Random random = new Random(10);
    for (int i = 0; i < run.chosen(); i++) {
      for (String of : List.of("q", "k", "v", "o")) {
        for (int at = 1; at <= 4; at++) {
          layer.add(run.chosen(i) / run.width());
          neuron.add(run.chosen(i) % run.width());
          kind.add(of);
          rank.add(at);
          headLayer.add(random.nextInt(run.layers()));
          head.add(random.nextInt(12));
          composition.add(random.nextDouble());
        }
      }
    }
    return table.build();
  }
}
