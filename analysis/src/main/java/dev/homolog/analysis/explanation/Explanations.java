package dev.homolog.analysis.explanation;

import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What explains the reference's neurons: for each, the best features, its family, and the frequent
 * tokens on which it is most active. Neurons are flat ids.
 */
public final class Explanations {
  /** Features that are kept of a neuron. */
  public static final int KEPT = 25;

  /** Frequent tokens that are kept of a neuron. */
  public static final int TOKENS = 100;

  /** Neurons that are reduced at once. */
  private static final int BLOCK = 64;

  private final List<Feature> features;
  private final FamilyRule rule;
  private final long positions;
  private final long[] counts;
  private final long[] shuffled;
  private final int[] frequent;
  private final Best best;
  private final Best tokens;
  private final float[] tokenMaxima;
  private final double[] mean;
  private final Family[] family;
  private final int[] familyFeature;
  private final double[] familyScore;
  private final int[] runnerUp;
  private final double[] margin;

  /** The best of every neuron: which, how good, and the mean of MLP_POST there. */
  private record Best(int size, int[] which, double[] score, double[] mean) {
    static Best of(int neurons, int size) {
      int[] which = new int[neurons * size];
      Arrays.fill(which, -1);
      return new Best(size, which, new double[which.length], new double[which.length]);
    }

    /** Puts a candidate among the best of a neuron; of equal ones the earlier stays in front. */
    void add(int neuron, int candidate, double value, double meanWith) {
      int first = neuron * size;
      int place = first + size;
      while (place > first && (which[place - 1] < 0 || value > score[place - 1])) {
        place--;
      }
      int last = first + size - 1;
      if (place > last) {
        return;
      }
      System.arraycopy(which, place, which, place + 1, last - place);
      System.arraycopy(score, place, score, place + 1, last - place);
      System.arraycopy(mean, place, mean, place + 1, last - place);
      which[place] = candidate;
      score[place] = value;
      mean[place] = meanWith;
    }

    void save(StateWriter state) {
      state.put("which", which);
      state.put("score", score);
      state.put("mean", mean);
    }

    void read(StateReader state, int candidates) {
      state.indices("which", which, candidates);
      state.read("score", score);
      state.read("mean", mean);
    }

    static long bytes(long neurons, int most) {
      return neurons * most * (Integer.BYTES + 2 * Double.BYTES);
    }
  }

  /**
   * How well a feature explains a neuron.
   *
   * @param explained reduction in variance
   * @param share of all positions that have the feature
   * @param with mean MLP_POST there
   * @param without mean MLP_POST elsewhere
   */
  public record Explanation(
      Feature feature, double explained, double share, double with, double without) {}

  /** MLP_POST at a frequent token, over all positions. */
  public record TokenMean(int id, double mean, double max, long count) {}

  /**
   * A neuron's family.
   *
   * @param feature that decided, or came nearest where the family is none; null for a constant
   *     neuron
   * @param score what it explains
   * @param runnerUp the best feature of another family, or null
   * @param margin how much less that one explains; negative where it explains more but is less
   *     simple
   */
  public record OfFamily(
      Family family, Feature feature, double score, Feature runnerUp, double margin) {}

  private Explanations(FeatureSet featureSet, int neurons, Counts seen) {
    this.features = featureSet.features();
    this.positions = seen.positions;
    this.rule = new FamilyRule(features, positions, featureSet.documents());
    this.counts = seen.features;
    this.shuffled = seen.shuffled;
    this.frequent = featureSet.frequent();
    this.best = Best.of(neurons, KEPT);
    this.tokens = Best.of(neurons, Math.min(TOKENS, frequent.length));
    this.tokenMaxima = new float[neurons * tokens.size];
    this.mean = new double[neurons];
    this.family = new Family[neurons];
    this.familyFeature = new int[neurons];
    this.familyScore = new double[neurons];
    this.runnerUp = new int[neurons];
    this.margin = new double[neurons];
  }

  /** Positions: of all, with each feature, with each label by chance. */
  private record Counts(long positions, long[] features, long[] shuffled) {
    static Counts none(FeatureSet set) {
      return new Counts(0, new long[set.features().size()], new long[set.shuffled()]);
    }

    static Counts of(FeatureSet set, ExplanationSink sink) {
      Counts counts = none(set);
      long positions = 0;
      for (int p = 0; p < set.context(); p++) {
        positions += sink.count(set.ofPosition(p));
      }
      Arrays.setAll(counts.features, f -> Arrays.stream(set.cells(f)).mapToLong(sink::count).sum());
      Arrays.setAll(counts.shuffled, label -> sink.count(set.ofShuffled(label)));
      return new Counts(positions, counts.features, counts.shuffled);
    }
  }

  /** Bytes on the heap that the explanations of that many neurons take. */
  public static long bytes(FeatureSet featureSet, long neurons) {
    int tokens = Math.min(TOKENS, featureSet.frequent().length);
    return Best.bytes(neurons, KEPT)
        + Best.bytes(neurons, tokens)
        + neurons * ((long) tokens * Float.BYTES + 5L * Double.BYTES)
        + (long) BLOCK
            * (2L * featureSet.cells() + 3L * featureSet.features().size())
            * Double.BYTES;
  }

  /** Takes the sums of sinks over parts of the neurons, each part once. */
  public static final class Builder {
    private final FeatureSet featureSet;
    private final int neurons;
    private Explanations explanations;

    public Builder(FeatureSet set, int neurons) {
      this.featureSet = set;
      this.neurons = neurons;
    }

    /**
     * Takes a sink that has seen the whole text.
     *
     * @param from flat id of the sink's first neuron
     */
    public void add(ExplanationSink sink, int from) {
      if (explanations == null) {
        explanations = new Explanations(featureSet, neurons, Counts.of(featureSet, sink));
      }
      for (int j = 0; j < sink.neurons(); j += BLOCK) {
        int to = Math.min(sink.neurons(), j + BLOCK);
        new Block(explanations, featureSet, sink, j, to).reduce(from + j);
      }
    }

    /** Takes back what {@link Explanations#save} put. */
    void restore(StateReader state) {
      Counts none = Counts.none(featureSet);
      state.read("counts", none.features);
      state.read("shuffled", none.shuffled);
      Counts seen = new Counts(state.number("positions"), none.features, none.shuffled);
      explanations = new Explanations(featureSet, neurons, seen);
      explanations.read(state);
    }

    /** Of the neurons so far. */
    public Explanations build() {
      return explanations;
    }
  }

  /** Some neurons of a sink: sums by cell become sums by feature, and these are judged. */
  private static final class Block {
    private final Explanations to;
    private final FeatureSet featureSet;
    private final int width;
    private final double[] cells;
    private final double[] squares;
    private final double[] pilotMean;
    private final double[] pilotScale;
    private final double[][] maxima;

    Block(Explanations to, FeatureSet featureSet, ExplanationSink sink, int from, int until) {
      this.to = to;
      this.featureSet = featureSet;
      this.width = until - from;
      this.cells = new double[featureSet.cells() * width];
      this.squares = new double[featureSet.cells() * width];
      this.pilotMean = new double[width];
      this.pilotScale = new double[width];
      try (Arena scratch = Arena.ofConfined()) {
        Tensor sums = sink.sums(scratch, from, until);
        double[] row = new double[width];
        for (int c = 0; c < featureSet.cells(); c++) {
          sums.readRow(c, row);
          System.arraycopy(row, 0, cells, c * width, width);
          sums.readRow(featureSet.cells() + (long) c, row);
          System.arraycopy(row, 0, squares, c * width, width);
        }
        Tensor mean = sink.mean(scratch);
        Tensor scale = sink.scale(scratch);
        for (int j = 0; j < width; j++) {
          pilotMean[j] = mean.get(0, from + j);
          pilotScale[j] = scale.get(0, from + j);
        }
        Tensor greatest = sink.maxima(scratch, from, until);
        maxima = new double[(int) greatest.rows()][width];
        for (int i = 0; i < maxima.length; i++) {
          greatest.readRow(i, maxima[i]);
        }
      }
    }

    /** The sum over a feature's cells, of all neurons. */
    private void add(int[] of, double[] from, double[] sum) {
      for (int cell : of) {
        int at = cell * width;
        for (int j = 0; j < width; j++) {
          sum[j] += from[at + j];
        }
      }
    }

    void reduce(int firstNeuron) {
      int[] everywhere = new int[featureSet.context()];
      Arrays.setAll(everywhere, featureSet::ofPosition);
      double[] sum = new double[width];
      double[] square = new double[width];
      add(everywhere, cells, sum);
      add(everywhere, squares, square);
      double n = to.positions;
      int count = to.features.size();
      double[][] explained = new double[width][count];
      double[][] with = new double[width][count];
      double[] sum1 = new double[width];
      double[] square1 = new double[width];
      for (int f = 0; f < count; f++) {
        Arrays.fill(sum1, 0);
        Arrays.fill(square1, 0);
        add(featureSet.cells(f), cells, sum1);
        add(featureSet.cells(f), squares, square1);
        long n1 = to.counts[f];
        boolean enough = n1 >= TokenCells.LEAST_COUNT && n - n1 >= TokenCells.LEAST_COUNT;
        for (int j = 0; j < width; j++) {
          explained[j][f] =
              enough ? Reduction.of(n, sum[j], square[j], n1, sum1[j], square1[j]) : Double.NaN;
          with[j][f] = raw(j, sum1[j] / n1);
        }
      }
      double[] shuffled = shuffled(sum, square);
      for (int j = 0; j < width; j++) {
        int neuron = firstNeuron + j;
        to.mean[neuron] = raw(j, sum[j] / n);
        for (int f = 0; f < count; f++) {
          if (!Double.isNaN(explained[j][f])) {
            to.best.add(neuron, f, explained[j][f], with[j][f]);
          }
        }
        judge(neuron, explained[j], shuffled[j]);
        for (int i = 0; i < to.frequent.length; i++) {
          to.tokens.add(neuron, i, with[j][i], with[j][i]);
        }
        for (int rank = 0; rank < to.tokens.size; rank++) {
          int at = neuron * to.tokens.size + rank;
          to.tokenMaxima[at] = (float) maxima[to.tokens.which[at]][j];
        }
      }
    }

    /** What labels by chance explain of each neuron, on the average; NaN where there are none. */
    private double[] shuffled(double[] sum, double[] square) {
      double[] mean = new double[width];
      int[] labels = new int[width];
      for (int label = 0; label < featureSet.shuffled(); label++) {
        int cell = featureSet.ofShuffled(label);
        for (int j = 0; j < width; j++) {
          int index = cell * width + j;
          double reduction =
              Reduction.of(
                  to.positions,
                  sum[j],
                  square[j],
                  to.shuffled[label],
                  cells[index],
                  squares[index]);
          if (!Double.isNaN(reduction)) {
            mean[j] += reduction;
            labels[j]++;
          }
        }
      }
      for (int j = 0; j < width; j++) {
        mean[j] /= labels[j];
      }
      return mean;
    }

    private double raw(int j, double z) {
      return pilotMean[j] + z / pilotScale[j];
    }

    private void judge(int neuron, double[] explained, double shuffled) {
      FamilyRule.Choice choice = to.rule.choose(explained, shuffled);
      int feature = choice.feature();
      int second = choice.runnerUp();
      to.family[neuron] = choice.family();
      to.familyFeature[neuron] = feature;
      to.familyScore[neuron] = feature < 0 ? Double.NaN : explained[feature];
      to.runnerUp[neuron] = second;
      to.margin[neuron] = second < 0 ? Double.NaN : explained[feature] - explained[second];
    }
  }

  void save(StateWriter state) {
    state.put("positions", positions);
    state.put("counts", counts);
    state.put("shuffled", shuffled);
    best.save(state.in("features"));
    tokens.save(state.in("tokens"));
    state.put("token_maxima", tokenMaxima);
    state.put("mean", mean);
    int[] families = new int[family.length];
    Arrays.setAll(families, i -> family[i] == null ? -1 : family[i].ordinal());
    state.put("family", families);
    state.put("family_feature", familyFeature);
    state.put("family_score", familyScore);
    state.put("runner_up", runnerUp);
    state.put("margin", margin);
  }

  private void read(StateReader state) {
    best.read(state.in("features"), features.size());
    tokens.read(state.in("tokens"), frequent.length);
    state.read("token_maxima", tokenMaxima);
    state.read("mean", mean);
    Family[] all = Family.values();
    int[] families = new int[family.length];
    state.indices("family", families, all.length);
    Arrays.setAll(family, i -> families[i] < 0 ? null : all[families[i]]);
    state.indices("family_feature", familyFeature, features.size());
    state.read("family_score", familyScore);
    state.indices("runner_up", runnerUp, features.size());
    state.read("margin", margin);
  }

  /** All features that were tried. */
  public List<Feature> features() {
    return features;
  }

  /** Positions that the numbers are of. */
  public long positions() {
    return positions;
  }

  /** Number of neurons. */
  public int neurons() {
    return family.length;
  }

  /** A neuron's family. */
  public OfFamily family(int neuron) {
    int feature = familyFeature[neuron];
    int second = runnerUp[neuron];
    return new OfFamily(
        family[neuron],
        feature < 0 ? null : features.get(feature),
        familyScore[neuron],
        second < 0 ? null : features.get(second),
        margin[neuron]);
  }

  /** The features that explain most of a neuron, the best first, at most {@link #KEPT}. */
  public List<Explanation> best(int neuron, int most) {
    List<Explanation> ranked = new ArrayList<>();
    for (int rank = 0; rank < Math.min(most, KEPT); rank++) {
      int index = neuron * KEPT + rank;
      if (best.which[index] >= 0) {
        double n1 = counts[best.which[index]];
        double without = (positions * mean[neuron] - n1 * best.mean[index]) / (positions - n1);
        ranked.add(
            new Explanation(
                features.get(best.which[index]),
                best.score[index],
                n1 / positions,
                best.mean[index],
                without));
      }
    }
    return ranked;
  }

  /** The frequent tokens of highest mean MLP_POST, the highest first. */
  public List<TokenMean> tokens(int neuron) {
    List<TokenMean> ranked = new ArrayList<>();
    for (int rank = 0; rank < tokens.size; rank++) {
      int index = neuron * tokens.size + rank;
      int i = tokens.which[index];
      ranked.add(new TokenMean(frequent[i], tokens.mean[index], tokenMaxima[index], counts[i]));
    }
    return ranked;
  }
}
