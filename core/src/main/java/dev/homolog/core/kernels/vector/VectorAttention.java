package dev.homolog.core.kernels.vector;

import static jdk.incubator.vector.VectorOperators.GT;

import dev.homolog.core.kernels.AttentionShape;
import dev.homolog.core.kernels.HeadLayout;
import dev.homolog.core.memory.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Causal attention of one head over one row of the batch, Tile.COLS queries at a time. Scores are
 * made transposed, [keys, queries], so that the softmax runs along keys with a query a lane. What a
 * tile leaves is already the panel that the product with the values reads. All stays in the inner
 * caches, and keys after the last query of a block are never touched. One instance a worker.
 */
final class VectorAttention {
  private final AttentionShape shape;
  private final int dims;
  private final int dimsPadded;
  private final int keyPanel;
  private final int valuePanel;
  private final float[] lines;
  private final float[] keys;
  private final float[] values;
  private final float[] queries;
  private final float[] scores;
  private final float[] tile = new float[Tile.SIZE];
  private final float[] inverse = new float[Tile.COLS];
  private final float[] out;

  VectorAttention(AttentionShape shape) {
    this.shape = shape;
    this.dims = shape.dHead();
    int keysPadded = Packing.roundUp(shape.context(), Tile.COLS);
    this.dimsPadded = Packing.roundUp(dims, Tile.ROWS);
    this.keyPanel = dims * Tile.ROWS;
    this.valuePanel = keysPadded * Tile.ROWS;
    this.lines = new float[Tile.ROWS * dims];
    this.keys = new float[keysPadded * dims];
    this.values = new float[keysPadded * dimsPadded];
    this.queries = new float[dims * Tile.COLS];
    this.scores = new float[keysPadded * Tile.COLS];
    this.out = new float[Tile.COLS * dimsPadded];
  }

  boolean fits(AttentionShape other) {
    return shape.equals(other);
  }

  /**
   * z of head h for the row of the batch whose first token is {@code first}. qkv [T, 3 d], z [T,
   * d].
   */
  void head(Tensor qkv, long first, int h, Tensor z) {
    HeadLayout layout = shape.layout();
    Tensor row = qkv.rows(first, first + shape.context());
    Tensor k = row.columns(layout.key(h), layout.key(h) + dims);
    Tensor v = row.columns(layout.value(h), layout.value(h) + dims);
    Packing.panelsOfRows(k, 0, dims, keys, 0, keyPanel, lines);
    Packing.panels(v, 0, shape.context(), Tile.ROWS, values, 0, valuePanel);
    for (int i0 = 0; i0 < shape.context(); i0 += Tile.COLS) {
      int count = Math.min(Tile.COLS, shape.context() - i0);
      int seen = i0 + count;
      packQueries(qkv, first + i0, layout.query(h), count);
      score(seen);
      setLater(i0, seen, Float.NEGATIVE_INFINITY);
      softmax(seen);
      setLater(i0, seen, 0);
      weigh(seen);
      for (int i = 0; i < count; i++) {
        Packing.store(out, i * dimsPadded, dims, z, first + i0 + i, (long) h * dims);
      }
    }
  }

  /** One panel [dims, queries], scaled; queries that are not there are zero. */
  private void packQueries(Tensor qkv, long from, int column, int count) {
    float scale = (float) shape.scale();
    for (int i = 0; i < count; i++) {
      Packing.row(qkv, from + i, column, dims, lines, 0);
      for (int e = 0; e < dims; e++) {
        queries[e * Tile.COLS + i] = lines[e] * scale;
      }
    }
    for (int i = count; i < Tile.COLS; i++) {
      for (int e = 0; e < dims; e++) {
        queries[e * Tile.COLS + i] = 0;
      }
    }
  }

  private void score(int seen) {
    for (int j = 0; j < seen; j += Tile.ROWS) {
      int panel = j / Tile.ROWS * keyPanel;
      Tile.multiply(keys, panel, queries, 0, dims, scores, j * Tile.COLS, false);
    }
  }

  /** The scores or weights of keys that come after a query. */
  private void setLater(int i0, int seen, float value) {
    for (int j = i0 + 1; j < seen; j++) {
      int start = j * Tile.COLS;
      Arrays.fill(scores, start, start + j - i0, value);
    }
  }

  /** Weights without their common factor, which is left in {@code inverse}. */
  private void softmax(int seen) {
    int end = seen * Tile.COLS;
    for (int l = 0; l < Tile.COLS; l += Tile.LANES) {
      FloatVector top = FloatVector.broadcast(Tile.SPECIES, Float.NEGATIVE_INFINITY);
      for (int place = l; place < end; place += Tile.COLS) {
        FloatVector score = FloatVector.fromArray(Tile.SPECIES, scores, place);
        top = top.blend(score, score.compare(GT, top));
      }
      for (int place = l; place < end; place += Tile.COLS) {
        FloatVector.fromArray(Tile.SPECIES, scores, place).sub(top).intoArray(scores, place);
      }
    }
    VectorMath.exp(scores, 0, end);
    for (int l = 0; l < Tile.COLS; l += Tile.LANES) {
      FloatVector total = FloatVector.zero(Tile.SPECIES);
      for (int place = l; place < end; place += Tile.COLS) {
        total = total.add(FloatVector.fromArray(Tile.SPECIES, scores, place));
      }
      FloatVector.broadcast(Tile.SPECIES, 1f).div(total).intoArray(inverse, l);
    }
  }

  private void weigh(int seen) {
    for (int e = 0; e < dimsPadded; e += Tile.ROWS) {
      int panel = e / Tile.ROWS * valuePanel;
      Tile.multiply(values, panel, scores, 0, seen, tile, 0, false);
      for (int r = 0; r < Tile.ROWS; r++) {
        for (int i = 0; i < Tile.COLS; i++) {
          out[i * dimsPadded + e + r] = tile[r * Tile.COLS + i] * inverse[i];
        }
      }
    }
  }
}
