package dev.homolog.analysis.measure;

import dev.homolog.core.stream.ActivationStream;
import java.lang.foreign.Arena;

/**
 * One pass over the text, for some neurons of the reference.
 *
 * @param number of the pass, counted from 0
 * @param passes how many there are
 * @param from first neuron of the reference, by flat id
 * @param to the one after the last
 * @param stream that shows the activations
 * @param pilots means and deviations that sums are taken about
 * @param arena memory of this pass, gone when it has been reduced
 * @param stays memory that stays until all passes are done
 */
public record Pass(
    int number,
    int passes,
    int from,
    int to,
    ActivationStream stream,
    ActivationStream.Pilots pilots,
    Arena arena,
    Arena stays) {

  /** Whether it is the first; what does not depend on a pass's neurons is measured in it. */
  public boolean first() {
    return number == 0;
  }

  public boolean last() {
    return number == passes - 1;
  }

  /** Whether all passes are done, and this only tells where the run stands. */
  public boolean after() {
    return number == passes;
  }

  /** The same place in the run, counted in passes; what is for the pass alone does not hold. */
  public Pass next() {
    return new Pass(number + 1, passes, to, to, stream, pilots, arena, stays);
  }
}
