package dev.homolog.analysis.weights;

import dev.homolog.analysis.table.Table;
import dev.homolog.core.stream.ProgressListener;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;

/**
 * A table of many neurons in parts. A block of neurons is scanned when its first part is asked for.
 * Rows are made for a few neurons at a time, since they take more room than the results.
 *
 * @param <F> what was found of a block
 */
final class Parts<F> implements Iterator<Table> {
  /** Neurons a part. */
  static final int NEURONS = 64;

  private final String phase;
  private final int[] neurons;
  private final Iterator<Block> blocks;
  private final Function<Block, F> scan;
  private final Writer<F> writer;
  private final ProgressListener progress;
  private final long total;
  private Block block;
  private F result;
  private int from;

  /** Makes a part of a table. */
  interface Writer<F> {
    /**
     * The rows of neurons [from, to) of a block; there may be none.
     *
     * @param found of the block; null where there is no neuron at all
     */
    Table part(F found, Block block, int from, int to);
  }

  /**
   * @param neurons flat ids; where there are none, one empty part is given
   * @param scan at a block
   */
  Parts(
      String phase,
      int[] neurons,
      Function<Block, F> scan,
      Writer<F> writer,
      ProgressListener progress) {
    List<Block> allBlocks = Block.of(neurons, CosineScan.ROWS);
    this.phase = phase;
    this.neurons = neurons;
    this.blocks = allBlocks.iterator();
    this.scan = scan;
    this.writer = writer;
    this.progress = progress;
    this.total = neurons.length;
    this.block = allBlocks.isEmpty() ? new Block(neurons, 0) : blocks.next();
  }

  /**
   * Scans all blocks now. The parts can be read later, any number of times, without the weights.
   * Only the results are held until then.
   */
  Iterable<Table> scanned() {
    Map<Integer, F> results = new HashMap<>();
    for (Block scannedBlock : Block.of(neurons, CosineScan.ROWS)) {
      results.put(scannedBlock.first(), scanBlock(scannedBlock));
    }
    return () ->
        new Parts<>(
            phase, neurons, each -> results.get(each.first()), writer, ProgressListener.NONE);
  }

  private F scanBlock(Block scannedBlock) {
    progress.progress(phase, scannedBlock.first(), total);
    F blockResult = scan.apply(scannedBlock);
    progress.progress(phase, scannedBlock.first() + scannedBlock.size(), total);
    return blockResult;
  }

  @Override
  public boolean hasNext() {
    return block != null;
  }

  @Override
  public Table next() {
    if (block == null) {
      throw new NoSuchElementException();
    }
    if (from == 0 && block.size() > 0) {
      result = scanBlock(block);
    }
    int to = Math.min(block.size(), from + NEURONS);
    Table part = writer.part(result, block, from, to);
    from = to;
    if (to == block.size()) {
      block = blocks.hasNext() ? blocks.next() : null;
      result = null;
      from = 0;
    }
    return part;
  }
}
