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
 * A table of many neurons in parts: a block of neurons is looked at when its first part is asked
 * for, and written a few neurons at a time, since rows take more room than what was found.
 *
 * @param <F> what was found of a block
 */
final class Parts<F> implements Iterator<Table> {
  /** Neurons a part. */
  static final int NEURONS = 64;

  private final String phase;
  private final int[] neurons;
  private final Iterator<Block> blocks;
  private final Function<Block, F> look;
  private final Writer<F> writer;
  private final ProgressListener progress;
  private final long total;
  private Block block;
  private F found;
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
   * @param look at a block
   */
  Parts(
      String phase,
      int[] neurons,
      Function<Block, F> look,
      Writer<F> writer,
      ProgressListener progress) {
    List<Block> all = Block.of(neurons, CosineScan.ROWS);
    this.phase = phase;
    this.neurons = neurons;
    this.blocks = all.iterator();
    this.look = look;
    this.writer = writer;
    this.progress = progress;
    this.total = neurons.length;
    this.block = all.isEmpty() ? new Block(neurons, 0) : blocks.next();
  }

  /**
   * Looks at all blocks now. The parts can be had later, as often as they are wanted, without what
   * was looked at; only what was found is held until then.
   */
  Iterable<Table> looked() {
    Map<Integer, F> kept = new HashMap<>();
    for (Block each : Block.of(neurons, CosineScan.ROWS)) {
      kept.put(each.first(), seen(each));
    }
    return () ->
        new Parts<>(phase, neurons, each -> kept.get(each.first()), writer, ProgressListener.NONE);
  }

  private F seen(Block each) {
    progress.progress(phase, each.first(), total);
    F seen = look.apply(each);
    progress.progress(phase, each.first() + each.size(), total);
    return seen;
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
      found = seen(block);
    }
    int to = Math.min(block.size(), from + NEURONS);
    Table part = writer.part(found, block, from, to);
    from = to;
    if (to == block.size()) {
      block = blocks.hasNext() ? blocks.next() : null;
      found = null;
      from = 0;
    }
    return part;
  }
}
