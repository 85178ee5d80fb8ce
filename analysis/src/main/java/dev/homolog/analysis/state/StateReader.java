package dev.homolog.analysis.state;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.SafetensorsFile;
import dev.homolog.core.checkpoint.StoredTensor;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.memory.DType;
import dev.homolog.core.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gives numbers back that a {@link StateWriter} took, while the file is open. */
public final class StateReader {
  private final SafetensorsFile file;
  private final String room;
  private final String remedy;

  /**
   * @param remedy of whatever is wrong with the numbers
   */
  StateReader(SafetensorsFile file, String room, String remedy) {
    this.file = file;
    this.room = room;
    this.remedy = remedy;
  }

  /** A reader of names that begin with that word and a dot, after those of this one. */
  public StateReader in(String word) {
    return new StateReader(file, room + word + ".", remedy);
  }

  /** Whether a name was put. */
  public boolean has(String name) {
    return file.tensors().containsKey(room + name);
  }

  /** All tensors whose names begin as this reader's do, on the host, without that beginning. */
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    file.tensors()
        .forEach((name, stored) -> {
          if (name.startsWith(room)) {
            tensors.put(name.substring(room.length()), matrix(stored));
          }
        });
    return tensors;
  }

  /**
   * Tensors of the names, types and shapes of others, on the host.
   *
   * @param like what was put, before it was changed
   * @throws InputException one is missing or of another type or shape
   */
  public Map<String, Tensor> tensors(Map<String, Tensor> like) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    like.forEach((name, expected) ->
        tensors.put(name, tensor(name, expected.dtype(), expected.rows(), expected.cols())));
    return tensors;
  }

  /**
   * A tensor on the host.
   *
   * @throws InputException it is missing or of another type or shape
   */
  public Tensor tensor(String name, DType type, long rows, long cols) {
    Tensor tensor = matrix(stored(name));
    if (tensor.dtype() != type || tensor.rows() != rows || tensor.cols() != cols) {
      throw refused(name, "is " + tensor + ", not " + type + "[" + rows + ", " + cols + "]");
    }
    return tensor;
  }

  /** Fills rows of equal length; refuses as {@link #tensor} does. */
  public void read(String name, double[][] to) {
    long cols = to.length == 0 ? 0 : to[0].length;
    MemorySegment data = tensor(name, DType.F64, to.length, cols).data();
    for (int i = 0; i < to.length; i++) {
      MemorySegment row = data.asSlice(i * cols * Double.BYTES, cols * Double.BYTES);
      MemorySegment.ofArray(to[i]).copyFrom(row);
    }
  }

  /** Fills a list; refuses as {@link #tensor} does. */
  public void read(String name, double[] to) {
    fill(name, DType.F64, to.length, MemorySegment.ofArray(to));
  }

  /** Fills a list; refuses as {@link #tensor} does. */
  public void read(String name, float[] to) {
    fill(name, DType.F32, to.length, MemorySegment.ofArray(to));
  }

  /** Fills a list; refuses as {@link #tensor} does. */
  public void read(String name, int[] to) {
    fill(name, DType.I32, to.length, MemorySegment.ofArray(to));
  }

  /** Fills a list; refuses as {@link #tensor} does. */
  public void read(String name, long[] to) {
    fill(name, DType.I64, to.length, MemorySegment.ofArray(to));
  }

  /**
   * Fills a list of places in another list.
   *
   * @param below what each is less than; −1 stands for none
   * @throws InputException as of {@link #tensor}, or one is out of range
   */
  public void indices(String name, int[] to, int below) {
    read(name, to);
    requireIndices(name, to, below);
  }

  private void requireIndices(String name, int[] indices, int below) {
    for (int index : indices) {
      if (index < -1 || index >= below) {
        throw refused(name, "has " + index + ", which is no place in a list of " + below);
      }
    }
  }

  /** As above, of a tensor that is only looked at. */
  public void indices(String name, long rows, long cols, int below) {
    Tensor tensor = tensor(name, DType.I32, rows, cols);
    int[] row = new int[Math.toIntExact(cols)];
    for (long i = 0; i < rows; i++) {
      long bytes = cols * Integer.BYTES;
      MemorySegment.ofArray(row).copyFrom(tensor.data().asSlice(i * bytes, bytes));
      requireIndices(name, row, below);
    }
  }

  /** Copies a tensor into the kernels' memory; refuses as {@link #tensor} does. */
  public void copy(Kernels kernels, String name, Tensor to) {
    kernels.copy(tensor(name, to.dtype(), to.rows(), to.cols()), to);
  }

  /**
   * A list that has at most so many numbers.
   *
   * @throws InputException it is missing, of another type, or longer
   */
  public long[] list(String name, int most) {
    long length = matrix(stored(name)).cols();
    if (length > most) {
      throw refused(name, "has " + length + " numbers, more than " + most);
    }
    long[] list = new long[(int) length];
    read(name, list);
    return list;
  }

  /**
   * Rows of equal length, one at least, whatever their number.
   *
   * @throws InputException they are missing, of another type, or none
   */
  public double[][] rows(String name) {
    Tensor tensor = matrix(stored(name));
    if (tensor.rows() < 1 || tensor.size() > Integer.MAX_VALUE / Double.BYTES) {
      throw refused(name, "is " + tensor);
    }
    double[][] rows = new double[(int) tensor.rows()][(int) tensor.cols()];
    read(name, rows);
    return rows;
  }

  /**
   * Blocks of rows that were put as a list.
   *
   * @param most how many there may be
   * @throws InputException there are more, or one is missing or of another type or shape
   */
  public List<double[][]> blocks(String name, int most, int rows, int cols) {
    StateReader list = in(name);
    long count = list.number("count");
    if (count < 0 || count > most) {
      throw list.refused("count", "is " + count + ", and at most " + most + " are known");
    }
    List<double[][]> blocks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double[][] block = new double[rows][cols];
      list.read("" + i, block);
      blocks.add(block);
    }
    return blocks;
  }

  /** One number; refuses as {@link #tensor} does. */
  public long number(String name) {
    long[] one = new long[1];
    read(name, one);
    return one[0];
  }

  /** What is wrong with a number that was read. */
  public InputException refused(String name, String problem) {
    return new InputException(file.path(), room + name, problem, remedy);
  }

  private void fill(String name, DType type, int length, MemorySegment to) {
    to.copyFrom(tensor(name, type, 1, length).data().asSlice(0, to.byteSize()));
  }

  private StoredTensor stored(String name) {
    if (!has(name)) {
      throw refused(name, "is missing");
    }
    return file.tensor(room + name);
  }

  private Tensor matrix(StoredTensor stored) {
    if (stored.shape().size() != 2) {
      throw new InputException(file.path(), stored.name(), "is no matrix", remedy);
    }
    return Tensor.wrap(stored.data(), stored.dtype(), stored.shape().get(0), stored.shape().get(1));
  }
}
