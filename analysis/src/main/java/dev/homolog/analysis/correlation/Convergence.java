package dev.homolog.analysis.correlation;

import dev.homolog.analysis.state.StateReader;
import dev.homolog.analysis.state.StateWriter;
import dev.homolog.core.Brief;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * How the best correlations settle as more of the text is read. Values after a share of the stream
 * are compared with those at its end.
 *
 * @param neurons reference neurons that were followed
 * @param points in the order of the stream; the last is its end
 */
public record Convergence(int neurons, List<Point> points) {
  /** Shares of the stream at which best correlations are taken. */
  public static final List<Double> SHARES = List.of(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0);

  /** The most reference neurons that are followed. */
  private static final int MOST_NEURONS = 2048;

  /** Neurons of a chunk, where not all are followed. */
  private static final int CHUNK = 64;

  /**
   * One share of the stream. Changes are absolute differences of a neuron's greatest correlation
   * with one other model from that at the end, over all followed neurons and other models.
   *
   * @param tokens positions read
   * @param universal followed neurons whose excess was above the threshold; −1 without a baseline
   */
  public record Point(
      double share,
      long tokens,
      double median,
      double ninetieth,
      double ninetyNinth,
      double greatest,
      int universal) {}

  /**
   * What was seen at one point.
   *
   * @param best greatest correlation by other model and followed neuron
   * @param draws the same of the baseline; empty without one
   */
  record Snapshot(long tokens, double[][] best, List<double[][]> draws) {}

  /** Takes snapshots of one pass after the other; used by one thread. */
  public static final class Builder {
    private final long total;
    private final List<List<Snapshot>> passes = new ArrayList<>();

    /**
     * @param total positions of the stream
     */
    public Builder(long total) {
      this.total = total;
    }

    /** A pass begins, or goes on. */
    public void pass(int number) {
      if (number == passes.size()) {
        passes.add(new ArrayList<>());
      }
    }

    void save(StateWriter state) {
      state.put("passes", passes.size());
      for (int pass = 0; pass < passes.size(); pass++) {
        List<Snapshot> snapshots = passes.get(pass);
        StateWriter ofPass = state.in("pass" + pass);
        ofPass.put("tokens", snapshots.stream().mapToLong(Snapshot::tokens).toArray());
        for (int point = 0; point < snapshots.size(); point++) {
          StateWriter ofPoint = ofPass.in("point" + point);
          Snapshot snapshot = snapshots.get(point);
          ofPoint.put("best", snapshot.best);
          ofPoint.put("draws", snapshot.draws);
        }
      }
    }

    /**
     * Takes back what {@link #save} put, of so many passes at most.
     *
     * @param batchEnds says of a number of positions whether a batch ends there
     */
    void restore(StateReader state, int mostPasses, LongPredicate batchEnds) {
      long count = state.number("passes");
      if (count < 0 || count > mostPasses) {
        throw state.refused("passes", "is " + count + ", and " + mostPasses + " are known");
      }
      for (int pass = 0; pass < count; pass++) {
        StateReader ofPass = state.in("pass" + pass);
        List<Snapshot> snapshots = new ArrayList<>();
        long before = 0;
        for (long tokens : ofPass.list("tokens", SHARES.size())) {
          if (tokens <= before || tokens > total || !batchEnds.test(tokens)) {
            throw ofPass.refused("tokens", "has " + tokens + ", where no batch of this run ends");
          }
          before = tokens;
          snapshots.add(snapshot(tokens, ofPass.in("point" + snapshots.size())));
        }
        passes.add(snapshots);
      }
    }

    private static Snapshot snapshot(long tokens, StateReader state) {
      double[][] best = state.rows("best");
      return new Snapshot(tokens, best, state.blocks("draws", 1, best.length, best[0].length));
    }

    /** Whether a snapshot is wanted after so many positions: the first at or after a share. */
    public boolean wanted(long tokensDone) {
      List<Snapshot> snapshots = passes.getLast();
      long last = snapshots.isEmpty() ? 0 : snapshots.getLast().tokens();
      return SHARES.stream().anyMatch(share -> last < share * total && tokensDone >= share * total);
    }

    /** Adds one; the same positions in each pass. */
    public void add(long tokensDone, double[][] best, List<double[][]> draws) {
      passes.getLast().add(new Snapshot(tokensDone, best, draws));
    }

    /** All passes together, when each has come to the stream's end. */
    public Convergence build(double threshold) {
      double[][] end = joined(passes.getFirst().size() - 1);
      List<Point> points = new ArrayList<>();
      for (int i = 0; i < passes.getFirst().size(); i++) {
        double[] changes = changes(joined(i), end);
        long tokens = passes.getFirst().get(i).tokens();
        points.add(
            new Point(
                (double) tokens / total,
                tokens,
                quantile(changes, 0.5),
                quantile(changes, 0.9),
                quantile(changes, 0.99),
                quantile(changes, 1),
                universal(i, threshold)));
      }
      return new Convergence(end[0].length, List.copyOf(points));
    }

    private double[][] joined(int point) {
      return join(passes.stream().map(pass -> pass.get(point).best()).toList());
    }

    private int universal(int point, double threshold) {
      List<Snapshot> parts = passes.stream().map(pass -> pass.get(point)).toList();
      int draws = parts.getFirst().draws().size();
      List<double[][]> joined = new ArrayList<>();
      for (int draw = 0; draw < draws; draw++) {
        int number = draw;
        joined.add(join(parts.stream().map(part -> part.draws().get(number)).toList()));
      }
      return draws == 0 ? -1 : Universality.of(joined(point), joined).count(threshold);
    }
  }

  /**
   * The neurons of a pass that are followed: all of a small model, else chunks at even distances.
   *
   * @param strip of the reference
   * @param reference number of neurons of the reference
   */
  public static List<Strip> chunks(Strip strip, int reference) {
    if (reference <= MOST_NEURONS) {
      return List.of(strip);
    }
    List<Strip> chunks = new ArrayList<>();
    int distance = Math.toIntExact((long) reference * CHUNK / MOST_NEURONS);
    for (int from = 0; from < reference; from += distance) {
      int first = Math.max(from, strip.from());
      int last = Math.min(Math.min(from + CHUNK, reference), strip.to());
      if (first < last) {
        chunks.add(new Strip(strip.model(), first, last));
      }
    }
    return chunks;
  }

  private static double[][] join(List<double[][]> parts) {
    double[][] joined = new double[parts.getFirst().length][];
    for (int other = 0; other < joined.length; other++) {
      int number = other;
      joined[other] = parts.stream().flatMapToDouble(part -> Arrays.stream(part[number])).toArray();
    }
    return joined;
  }

  private static double[] changes(double[][] best, double[][] end) {
    double[] changes = new double[best.length * best[0].length];
    int n = 0;
    for (int other = 0; other < best.length; other++) {
      for (int i = 0; i < best[other].length; i++) {
        double change = Math.abs(best[other][i] - end[other][i]);
        if (!Double.isNaN(change)) {
          changes[n++] = change;
        }
      }
    }
    double[] sorted = Arrays.copyOf(changes, n);
    Arrays.sort(sorted);
    return sorted;
  }

  /**
   * The quantile of sorted values: the least one that a share of them does not exceed. NaN without
   * values.
   */
  private static double quantile(double[] sorted, double share) {
    int index = (int) Math.ceil(share * sorted.length) - 1;
    return sorted.length == 0 ? Double.NaN : sorted[Math.max(0, index)];
  }

  @Override
  public String toString() {
    return Brief.of("Convergence").with("neurons", neurons).with("points", points).toString();
  }
}
