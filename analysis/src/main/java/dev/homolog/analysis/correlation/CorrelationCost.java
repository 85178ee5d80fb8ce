package dev.homolog.analysis.correlation;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Shape;
import dev.homolog.core.checkpoint.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The cost of sums of products, for the whole text and for its subsets. */
final class CorrelationCost {
  /** What DuckDB takes to write a row of matches. */
  private static final long MATCH_BYTES = 40;

  private static final String SKETCH = "sketch";
  private static final String SUMS = "sums of products";
  private static final String PRODUCTS = "products";
  private static final String BASELINE = "baseline";

  private final Shape shape;
  private final Comparison comparison;
  private final Baseline baseline;

  CorrelationCost(Shape shape, Comparison comparison, Baseline baseline) {
    this.shape = shape;
    this.comparison = comparison;
    this.baseline = baseline;
  }

  /** Of the whole text. */
  Cost total() {
    return comparison.method().isSketch() ? sketched() : exact();
  }

  private Cost exact() {
    long copies = 1L + (permuted() ? baseline.draws() : 0);
    long products = shape.rows() * shape.otherNeurons() * copies + amongOthers() + grams();
    long prepared = comparison.similarity() == Similarity.PEARSON ? 0 : 6 * shape.neurons();
    long moments = prepared + 5L * shape.reference().neurons();
    Cost cost = new Cost();
    cost.passes(SUMS, sumBytes() * products + Double.BYTES * moments);
    cost.passes("activations", permutedBlock());
    reducing(cost);
    cost.operations(PRODUCTS, shape.tokens() * (productsAToken(copies) + gramsAToken()));
    cost.operations(BASELINE, baselineOperations(shape.reference().neurons()));
    return cost;
  }

  private void reducing(Cost cost) {
    cost.passes("rotation file", rotationFile());
    cost.passes("reduction", reduction());
    cost.passes("matches of the others", columns());
    cost.besideDevice("rotation", rotationOnHost());
    cost.results(Tails.bytes(matchRows(), 1) + bestOfOneText());
    cost.writing(matchRows() * MATCH_BYTES);
  }

  /** A sketch is held while it is multiplied out, and the sums of one strip beside it. */
  private Cost sketched() {
    Method method = comparison.method();
    List<Integer> neurons = shape.models().stream().map(ModelConfig::neurons).toList();
    SketchStrips strips = SketchStrips.of(neurons, comparison, shape.kernels().working());
    Shape ofStrip =
        new Shape(shape.kernels(), shape.models(), shape.text(), strips.rows(), strips.count());
    CorrelationCost strip = new CorrelationCost(ofStrip, comparison, baseline);
    long products = ofStrip.rows() * shape.otherNeurons() + strip.amongOthers() + grams();
    long squares = 6 * shape.neurons();
    long prepared = comparison.similarity() == Similarity.PEARSON ? 0 : 6 * shape.neurons();
    long moments = squares + prepared + 5L * shape.reference().neurons();
    Cost cost = new Cost();
    cost.passes(SKETCH, method.size() * (shape.neurons() + 1) * shape.working());
    cost.passes(SUMS, SketchPass.sums(shape.kernels(), method).bytes() * products);
    cost.passes(SUMS, Double.BYTES * moments);
    strip.reducing(cost);
    cost.operations(SKETCH, 2.0 * shape.tokens() * shape.neurons());
    double within = gramsAToken() / shape.passes();
    cost.operations(PRODUCTS, method.size() * (productsAToken(1) + within));
    cost.operations(BASELINE, strips.count() * baselineOperations(strips.rows()));
    return cost;
  }

  /** Of all subsets. */
  Cost subsets() {
    long subsets = shape.subsets();
    long products = shape.rows() * shape.otherNeurons() + grams();
    Cost cost = new Cost();
    cost.passes(SUMS, subsets * (sumBytes() * products + 6 * Double.BYTES * shape.neurons()));
    cost.passes("activations", shape.batchTokens() * shape.neurons() * shape.working());
    cost.results(subsets * bestOfOneText());
    double cross = 2.0 * shape.reference().neurons() * shape.otherNeurons();
    cost.operations(PRODUCTS, shape.tokens() * (cross + gramsAToken()));
    cost.operations(BASELINE, subsets * baselineOperations(shape.reference().neurons()));
    return cost;
  }

  private boolean permuted() {
    return baseline.kind() == Baseline.Kind.PERMUTATION;
  }

  private boolean rotated() {
    return baseline.kind() == Baseline.Kind.ROTATION;
  }

  private long sumBytes() {
    return SumMemory.type(shape.kernels(), shape.tokens(), shape.batchTokens()).bytes();
  }

  /** Elements of the sums among the other models. */
  private long amongOthers() {
    if (!comparison.allPairs()) {
      return 0;
    }
    long elements = 0;
    long otherNeurons = shape.otherNeurons();
    for (ModelConfig other : shape.others().subList(0, shape.others().size() - 1)) {
      otherNeurons -= other.neurons();
      long rows = (long) other.neurons() * shape.rows();
      elements += Math.ceilDiv(rows, shape.reference().neurons()) * otherNeurons;
    }
    return elements;
  }

  /** Elements of the sums within layers of the other models. */
  private long grams() {
    long elements = 0;
    for (ModelConfig other : shape.others()) {
      elements += (long) other.layers() * other.dMlp() * other.dMlp();
    }
    return rotated() ? elements : 0;
  }

  private long permutedBlock() {
    return permuted() ? shape.batchTokens() * shape.otherNeurons() * shape.working() : 0;
  }

  /** Matrices from a file are held as they are in it. */
  private long rotationFile() {
    try {
      Path file = baseline.rotation();
      return file == null ? 0 : Files.size(file);
    } catch (IOException e) {
      return 0; // it is gone, and reading it says so
    }
  }

  /** A block of similarities; for a rotation a rotated block, the matrices, and one in halves. */
  private long reduction() {
    long widest = shape.others().stream().mapToLong(ModelConfig::neurons).max().orElse(0);
    long row = shape.working() * widest;
    long block = Math.min(CorrelationSummary.BLOCK_BYTES, Math.max(shape.rows(), 1) * row);
    if (!rotated()) {
      return block;
    }
    long m = widestLayer();
    long rotated =
        Math.min(RotationBaseline.BLOCK_BYTES, (long) shape.working() * shape.rows() * m);
    long matrices = m * m * (Double.BYTES + 5L * shape.working() + Short.BYTES);
    return Math.max(block, 2 * rotated + matrices);
  }

  /** Best matches of the other models' neurons, which are found over all blocks of similarities. */
  private long columns() {
    long bytes = 0;
    for (int i = 0; i < shape.others().size(); i++) {
      long k = (long) comparison.top() + (comparison.allPairs() ? i : 0);
      bytes +=
          CorrelationSummary.columnBytes(
              shape.others().get(i).neurons(), k, shape.kernels().working());
    }
    return bytes;
  }

  /** What of a layer's rotation passes through the host beside a device. */
  private long rotationOnHost() {
    long m = widestLayer();
    return rotated() ? m * m * (Double.BYTES + 2L * shape.working()) : 0;
  }

  /** Neurons of the widest layer of an other model. */
  private long widestLayer() {
    return shape.others().stream().mapToLong(ModelConfig::dMlp).max().orElse(0);
  }

  private long matchRows() {
    long rows = 0;
    for (ModelConfig other : shape.others()) {
      rows += 2L * comparison.top() * (shape.reference().neurons() + other.neurons());
    }
    return rows;
  }

  /** Best similarities with each other model, of a text and of each draw. */
  private long bestOfOneText() {
    long best = (long) shape.others().size() * shape.reference().neurons() * Double.BYTES;
    return best * (1 + baseline.draws());
  }

  private double productsAToken(long copies) {
    double cross = 2.0 * shape.reference().neurons() * shape.otherNeurons() * copies;
    double otherNeurons = shape.otherNeurons();
    for (ModelConfig other : shape.others()) {
      otherNeurons -= other.neurons();
      cross += comparison.allPairs() ? 2.0 * other.neurons() * otherNeurons : 0;
    }
    return cross;
  }

  /** Of half a matrix a layer, in each pass anew. */
  private double gramsAToken() {
    double grams = 0;
    for (ModelConfig other : shape.others()) {
      grams += (double) shape.passes() * other.neurons() * other.dMlp();
    }
    return rotated() ? grams : 0;
  }

  private double baselineOperations(long rows) {
    double once = 0;
    for (ModelConfig other : shape.others()) {
      once += other.layers() * RotationBaseline.operations(rows, other.dMlp());
    }
    return rotated() ? once * baseline.draws() : 0;
  }
}
