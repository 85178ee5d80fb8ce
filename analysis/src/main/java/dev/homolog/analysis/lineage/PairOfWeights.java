package dev.homolog.analysis.lineage;

import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.memory.Tensor;
import dev.homolog.core.model.family.TensorNames;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of two models side by side. A tensor is common where both models have it in the same
 * shape. A tied unembedding counts as a tensor where the other model has its own.
 */
final class PairOfWeights {
  private static final String CONFIG = "config.json";

  /** Rows of a tensor that are a piece of work. */
  private static final int ROWS = 256;

  private final Checkpoint a;
  private final Checkpoint b;
  private final Crew crew;
  private final boolean sameNames;
  private final Lineage.Cosines cosines;
  private int common;
  private int equal;
  private boolean tellingEqual;
  private double squaredDifference;
  private double squaredNorm;
  private double operations;

  PairOfWeights(Checkpoint a, Checkpoint b, long seed, Crew crew) {
    this.a = a;
    this.b = b;
    this.crew = crew;
    Set<String> names = new LinkedHashSet<>(a.names());
    names.addAll(b.names());
    for (String name : names) {
      Optional<StoredTensor> ofA = find(a, name);
      Optional<StoredTensor> ofB = find(b, name);
      if (ofA.isPresent() && ofB.isPresent() && ofA.get().shape().equals(ofB.get().shape())) {
        compare(matrix(ofA.get()), matrix(ofB.get()));
      }
    }
    sameNames = common == names.size();
    InputCosines found = InputCosines.of(a, b, seed, crew);
    cosines = found.result();
    operations += found.operations();
  }

  private static Optional<StoredTensor> find(Checkpoint model, String name) {
    if (model.names().contains(name)) {
      return Optional.of(model.tensor(name));
    }
    TensorNames names = model.config().architecture().family().names();
    return name.equals(names.unembedding())
        ? Optional.of(model.tensor(names.embedding()))
        : Optional.empty();
  }

  /** A tensor as rows of its last dimension. */
  static Tensor matrix(StoredTensor tensor) {
    List<Long> shape = tensor.shape();
    long cols = shape.isEmpty() ? 1 : shape.getLast();
    long rows = cols == 0 ? 0 : tensor.elements() / cols;
    return Tensor.wrap(tensor.data(), tensor.dtype(), rows, cols);
  }

  /** Sums of a block of rows. */
  private record Block(double[] differences, double[] norms, boolean same, boolean constant) {}

  private void compare(Tensor x, Tensor y) {
    Block[] blocks = new Block[Math.toIntExact(Math.ceilDiv(x.rows(), ROWS))];
    double first = x.size() == 0 ? 0 : x.get(0, 0);
    crew.run(
        blocks.length,
        piece -> {
          long from = (long) piece * ROWS;
          long to = Math.min(x.rows(), from + ROWS);
          blocks[piece] = compare(x.rows(from, to), y.rows(from, to), first);
        });
    boolean same = true;
    boolean constant = true;
    for (Block block : blocks) {
      for (int row = 0; row < block.norms.length; row++) {
        squaredDifference += block.differences[row];
        squaredNorm += block.norms[row];
      }
      same &= block.same;
      constant &= block.constant;
    }
    // A difference, two squares and two sums.
    operations += 5.0 * x.size();
    common++;
    equal += same ? 1 : 0;
    tellingEqual |= same && !constant;
  }

  private static Block compare(Tensor x, Tensor y, double first) {
    double[] rowX = new double[Math.toIntExact(x.cols())];
    double[] rowY = new double[rowX.length];
    double[] differences = new double[Math.toIntExact(x.rows())];
    double[] norms = new double[differences.length];
    boolean same = true;
    boolean constant = true;
    for (int row = 0; row < norms.length; row++) {
      x.readRow(row, rowX);
      y.readRow(row, rowY);
      double difference = 0;
      double norm = 0;
      for (int i = 0; i < rowX.length; i++) {
        double d = rowX[i] - rowY[i];
        difference += d * d;
        norm += rowX[i] * rowX[i];
        same &= Double.doubleToRawLongBits(rowX[i]) == Double.doubleToRawLongBits(rowY[i]);
        constant &= rowX[i] == first;
      }
      differences[row] = difference;
      norms[row] = norm;
    }
    return new Block(differences, norms, same, constant);
  }

  boolean equalFiles() {
    return weightHashes(a).equals(weightHashes(b));
  }

  private static List<String> weightHashes(Checkpoint model) {
    return model.hashes().entrySet().stream()
        .filter(file -> !file.getKey().equals(CONFIG))
        .map(Map.Entry::getValue)
        .sorted()
        .toList();
  }

  double equalTensors() {
    return common == 0 ? Double.NaN : (double) equal / common;
  }

  double distance() {
    return Math.sqrt(squaredDifference / squaredNorm);
  }

  /** Multiplications and additions that were done. */
  double operations() {
    return operations;
  }

  Lineage.Cosines cosines() {
    return cosines;
  }

  Lineage.Relation relation() {
    if (common == 0) {
      return Lineage.Relation.NOT_COMPARABLE;
    }
    if (sameNames && equal == common) {
      return Lineage.Relation.EQUAL;
    }
    return tellingEqual || cosines.beyondChance()
        ? Lineage.Relation.RELATED
        : Lineage.Relation.UNRELATED;
  }
}
