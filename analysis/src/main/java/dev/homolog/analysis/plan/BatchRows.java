package dev.homolog.analysis.plan;

import dev.homolog.core.HomologException;
import dev.homolog.core.kernels.Kernels;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Rows of tokens a batch of one run. They are halved, once, where the device turns out to have no
 * room for what was planned: its memory may be fragmented, or others may use it. Used by one
 * thread.
 */
public final class BatchRows {
  private boolean halved;
  private boolean settled;
  private int rows;

  /** Those of a run that begins. */
  public BatchRows() {}

  /** Hears that they are halved. */
  @FunctionalInterface
  public interface Listener {
    /**
     * @param reason why, in the device's words
     */
    void halved(int rows, int fewer, String reason);
  }

  /** Those of the run, out of what was planned for it. */
  public int of(int planned) {
    rows = halved ? Math.max(1, planned / 2) : planned;
    return rows;
  }

  /** From now on they stay: work is done that a run with others would do again. */
  public void settle() {
    settled = true;
  }

  /**
   * Does work, and all of it again with half the rows where the device has no room.
   *
   * @param saved whether a state with these rows was saved, which others cannot go on from
   * @throws HomologException the device has no room for half of them either, or they must stay
   */
  public <T> T during(Kernels kernels, Listener listener, BooleanSupplier saved, Supplier<T> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      if (!kernels.isOutOfDeviceMemory(e)) {
        throw e;
      }
      boolean state = saved.getAsBoolean();
      if (halved || settled || rows < 2 || state) {
        throw new HomologException(refusal(e, state), e);
      }
      listener.halved(rows, rows / 2, e.getMessage());
    }
    halved = true;
    return during(kernels, listener, saved, work);
  }

  private String refusal(RuntimeException e, boolean state) {
    return "out of device memory with batches of "
        + rows
        + (rows == 1 ? " row (" : " rows (")
        + e.getMessage()
        + "); "
        + (state
            ? "free the device, and go on with --resume"
            : "free the device, or lower --batch or --context");
  }
}
