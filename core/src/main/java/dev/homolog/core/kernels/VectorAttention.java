package dev.homolog.core.kernels;

import static jdk.incubator.vector.VectorOperators.MAX;

import dev.homolog.core.memory.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Causal attention of one head over one row of the batch, a few queries at a time: scores, softmax
 * and the weighted sum of values stay in the inner caches, and keys after the last query of a block
 * are never touched. One instance a worker.
 */
final class VectorAttention {
  private final AttentionShape shape;
  private final int keysPadded;
  private final int dims;
  private final int valuePanels;
  private final float[] line;
  private final float[] keyPanels;
  private final float[] valuePanel;
  private final float[] queries = new float[Tile.ROWS * Tile.A_STRIDE];
  private final float[] scores;
  private final float[] weights;
  private final float[] tile = new float[Tile.ROWS * Tile.COLS];
  private final float[] out;
  private final float[] inverse = new float[Tile.ROWS];

  VectorAttention(AttentionShape shape) {
    this.shape = shape;
    this.dims = shape.dHead();
    this.keysPadded = Packing.roundUp(shape.context(), Tile.COLS);
    this.valuePanels = (dims + Tile.COLS - 1) / Tile.COLS;
    int chunks = (shape.context() + Tile.DEPTH - 1) / Tile.DEPTH;
    this.line = new float[dims];
    this.keyPanels = new float[keysPadded * dims];
    this.valuePanel = new float[valuePanels * chunks * Tile.DEPTH * Tile.COLS];
    this.scores = new float[Tile.ROWS * keysPadded];
    this.weights = new float[chunks * Tile.ROWS * Tile.A_STRIDE];
    this.out = new float[Tile.ROWS * valuePanels * Tile.COLS];
  }

  boolean fits(AttentionShape other) {
    return shape.equals(other);
  }

  /**
   * z of head h for the row of the batch whose first token is {@code first}. qkv [T, 3 d], z [T,
   * d].
   */
  void head(Tensor qkv, long first, int h, Tensor z) {
    int d = shape.heads() * dims;
    int q = h * dims;
    packKeys(qkv, first, d + q);
    packValues(qkv, first, 2 * d + q);
    for (int i0 = 0; i0 < shape.context(); i0 += Tile.ROWS) {
      int rows = Math.min(Tile.ROWS, shape.context() - i0);
      int keys = i0 + rows;
      score(qkv, first, q, i0, rows, keys);
      for (int i = 0; i < rows; i++) {
        softmax(i, i0 + i + 1, keys);
      }
      weigh(keys);
      for (int i = 0; i < rows; i++) {
        float factor = inverse[i];
        int at = i * valuePanels * Tile.COLS;
        for (int e = 0; e < dims; e++) {
          out[at + e] *= factor;
        }
        Packing.store(out, at, dims, z, first + i0 + i, q);
      }
    }
  }

  private void packKeys(Tensor qkv, long first, int column) {
    for (int j = 0; j < shape.context(); j++) {
      Packing.row(qkv, first + j, column, dims, line, 0);
      int at = j / Tile.COLS * dims * Tile.COLS + j % Tile.COLS;
      for (int e = 0; e < dims; e++) {
        keyPanels[at + e * Tile.COLS] = line[e];
      }
    }
  }

  private void packValues(Tensor qkv, long first, int column) {
    Tensor values = qkv.rows(first, first + shape.context()).columns(column, column + dims);
    int chunkSize = valuePanels * Tile.DEPTH * Tile.COLS;
    for (int j0 = 0; j0 < shape.context(); j0 += Tile.DEPTH) {
      int terms = Math.min(Tile.DEPTH, shape.context() - j0);
      int at = j0 / Tile.DEPTH * chunkSize;
      Packing.panelsOfB(values, j0, terms, valuePanel, at, Tile.DEPTH * Tile.COLS);
    }
  }

  /**
   * Scaled dot products of the queries with all keys, a share of d_head that Tile holds at a time.
   */
  private void score(Tensor qkv, long first, int q, int i0, int rows, int keys) {
    float scale = (float) shape.scale();
    for (int e0 = 0; e0 < dims; e0 += Tile.DEPTH) {
      int terms = Math.min(Tile.DEPTH, dims - e0);
      for (int i = 0; i < rows; i++) {
        Packing.row(qkv, first + i0 + i, q + e0, terms, queries, i * Tile.A_STRIDE);
        for (int e = 0; e < terms; e++) {
          queries[i * Tile.A_STRIDE + e] *= scale;
        }
      }
      for (int j = 0; j < keys; j += Tile.COLS) {
        Tile.multiply(queries, 0, keyPanels, j * dims + e0 * Tile.COLS, terms, tile);
        for (int i = 0; i < rows; i++) {
          int at = i * keysPadded + j;
          if (e0 == 0) {
            System.arraycopy(tile, i * Tile.COLS, scores, at, Tile.COLS);
          } else {
            addTile(i, at);
          }
        }
      }
    }
  }

  private void addTile(int i, int at) {
    for (int k = 0; k < Tile.COLS; k++) {
      scores[at + k] += tile[i * Tile.COLS + k];
    }
  }

  /**
   * Unnormalised weights of query i, which sees {@code seen} keys, into the chunks that Tile reads;
   * zero up to {@code keys}.
   */
  private void softmax(int i, int seen, int keys) {
    int row = i * keysPadded;
    int end = row + Packing.roundUp(keys, Tile.COLS);
    Arrays.fill(scores, row + seen, end, Float.NEGATIVE_INFINITY);
    FloatVector greatest = FloatVector.broadcast(Tile.SPECIES, Float.NEGATIVE_INFINITY);
    for (int j = row; j < end; j += Tile.LANES) {
      greatest = greatest.max(FloatVector.fromArray(Tile.SPECIES, scores, j));
    }
    float top = greatest.reduceLanes(MAX);
    for (int j = row; j < end; j += Tile.LANES) {
      VectorMath.exp(FloatVector.fromArray(Tile.SPECIES, scores, j).sub(top)).intoArray(scores, j);
    }
    Arrays.fill(scores, row + seen, end, 0);
    FloatVector total = FloatVector.zero(Tile.SPECIES);
    for (int j = row; j < end; j += Tile.LANES) {
      total = total.add(FloatVector.fromArray(Tile.SPECIES, scores, j));
    }
    inverse[i] = (float) (1 / VectorMath.sum(total));
    for (int j0 = 0; j0 < keys; j0 += Tile.DEPTH) {
      int terms = Math.min(Tile.DEPTH, keys - j0);
      int to = j0 / Tile.DEPTH * Tile.ROWS * Tile.A_STRIDE + i * Tile.A_STRIDE;
      System.arraycopy(scores, row + j0, weights, to, terms);
    }
  }

  private void weigh(int keys) {
    Arrays.fill(out, 0);
    int width = valuePanels * Tile.COLS;
    int panelSize = Tile.DEPTH * Tile.COLS;
    for (int j0 = 0; j0 < keys; j0 += Tile.DEPTH) {
      int terms = Math.min(Tile.DEPTH, keys - j0);
      int chunk = j0 / Tile.DEPTH;
      for (int panel = 0; panel < valuePanels; panel++) {
        int b0 = (chunk * valuePanels + panel) * panelSize;
        Tile.multiply(weights, chunk * Tile.ROWS * Tile.A_STRIDE, valuePanel, b0, terms, tile);
        for (int i = 0; i < Tile.ROWS; i++) {
          for (int e = 0; e < Tile.COLS; e++) {
            out[i * width + panel * Tile.COLS + e] += tile[i * Tile.COLS + e];
          }
        }
      }
    }
  }
}
