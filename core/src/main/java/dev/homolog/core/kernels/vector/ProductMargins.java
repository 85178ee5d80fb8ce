package dev.homolog.core.kernels.vector;

import dev.homolog.core.memory.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * By how much products of vectors that were rounded to bfloat16 may be off. Of x and w rounded to
 * x̂ and ŵ, x w − x̂ ŵ = (x − x̂) w + x̂ (w − ŵ). By Cauchy and Schwarz that is at most |x − x̂|
 * |w| + |x̂| |w − ŵ|. To it come the sum in single precision and the rounding of the product
 * itself. What matrix units lose of numbers below 2⁻¹²⁶, which they take for zero, is not counted.
 */
public final class ProductMargins {
  /**
   * Relative error of rounding to bfloat16, 2⁻⁸, by what a number was rounded to; the hundredth is
   * for the additions of margins to products.
   */
  private static final float ROUNDING = 1.01f / 256;

  /**
   * The same of single precision, 2⁻²⁴, four times: terms come in any order, and ŵ may be above w.
   */
  private static final double SUMMING = 0x1p-22;

  /** Above one, for what the margins themselves are rounded. */
  private static final double SLACK = 1 + 0x1p-16;

  private final int depth;
  private final float[] whole;
  private final float[] lost;

  /** Of products with n columns of that many terms; none is set yet. */
  ProductMargins(int n, int depth) {
    this.depth = depth;
    this.whole = new float[Packing.roundUp(n, Tile.LANES)];
    this.lost = new float[whole.length];
    Arrays.fill(whole, Float.NaN);
    Arrays.fill(lost, Float.NaN);
  }

  /** A multiple of Tile.LANES. */
  int length() {
    return whole.length;
  }

  /** That column of W is that row of its transpose. */
  void setColumn(int column, Tensor transposed) {
    Size size = Size.of(transposed, column);
    whole[column] = (float) (size.whole * SLACK);
    lost[column] = (float) (size.lost * SLACK);
  }

  /** For the products of a row of x; null if none of them is a number. */
  Row row(Tensor x, long row) {
    Size size = Size.of(x, row);
    double rounded = size.whole + size.lost;
    return Double.isNaN(size.whole)
        ? null
        : new Row(size.lost + depth * SUMMING * rounded, rounded);
  }

  /** Margins of the products of one row: what the sizes of a column are multiplied by. */
  final class Row {
    private final float ofWhole;
    private final float ofLost;

    private Row(double ofWhole, double ofLost) {
      // Never 0, which times infinity is no number.
      this.ofWhole = Math.max((float) (ofWhole * SLACK), Float.MIN_NORMAL);
      this.ofLost = Math.max((float) (ofLost * SLACK), Float.MIN_NORMAL);
    }

    int length() {
      return whole.length;
    }

    /** That of one product. */
    float error(float product, int column) {
      return whole[column] * ofWhole + lost[column] * ofLost + Math.abs(product) * ROUNDING;
    }

    /**
     * Where a true product may reach a floor, or where numbers are so large that nothing is known
     * of it; not where it is NaN.
     *
     * @param line rounded products, as many as {@link #length}
     */
    VectorMask<Float> mayReach(float[] line, float floor, int from) {
      FloatVector product = FloatVector.fromArray(Tile.SPECIES, line, from);
      FloatVector size = FloatVector.fromArray(Tile.SPECIES, whole, from);
      FloatVector bound =
          FloatVector.fromArray(Tile.SPECIES, lost, from)
              .mul(ofLost)
              .add(size.mul(ofWhole))
              .add(product.abs().mul(ROUNDING))
              .add(product);
      VectorMask<Float> unknown =
          bound.test(VectorOperators.IS_NAN).andNot(size.test(VectorOperators.IS_NAN));
      return bound.compare(VectorOperators.GE, floor).or(unknown);
    }
  }

  /**
   * Lengths of a vector and of what it loses when it is rounded.
   *
   * @param whole NaN if an element is
   */
  private record Size(double whole, double lost) {
    /** Of a row of a tensor in F32, contiguous. */
    static Size of(Tensor t, long row) {
      int n = (int) t.cols();
      int vectors = n / Doubles.LANES * Doubles.LANES;
      long start = t.offset(row, 0);
      DoubleVector squares = DoubleVector.zero(Doubles.SPECIES);
      DoubleVector lost = squares;
      for (int k = 0; k < vectors; k += Doubles.LANES) {
        FloatVector x =
            FloatVector.fromMemorySegment(Doubles.FLOATS, t.data(), start + 4L * k, Packing.ORDER);
        DoubleVector value = widen(x);
        DoubleVector rest = widen(x.sub(rounded(x)));
        squares = value.fma(value, squares);
        lost = rest.fma(rest, lost);
      }
      double sum = VectorSimilarities.sum(squares);
      double less = VectorSimilarities.sum(lost);
      for (int k = vectors; k < n; k++) {
        float x = (float) t.get(row, k);
        double rest = x - Float.intBitsToFloat(round(Float.floatToRawIntBits(x)));
        sum += (double) x * x;
        less += rest * rest;
      }
      return new Size(Math.sqrt(sum), Math.sqrt(less));
    }

    private static DoubleVector widen(FloatVector x) {
      return (DoubleVector) x.convertShape(VectorOperators.F2D, Doubles.SPECIES, 0);
    }

    /** To the nearest, of two the even one; what is too large becomes infinite. */
    private static FloatVector rounded(FloatVector x) {
      IntVector bits = x.reinterpretAsInts();
      IntVector even = bits.lanewise(VectorOperators.LSHR, 16).and(1);
      return bits.add(0x7fff).add(even).and(0xffff_0000).reinterpretAsFloats();
    }

    private static int round(int bits) {
      return (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff_0000;
    }
  }
}
