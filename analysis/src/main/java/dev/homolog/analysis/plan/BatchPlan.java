package dev.homolog.analysis.plan;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.checkpoint.Checkpoint;
import dev.homolog.core.kernels.Kernels;
import dev.homolog.core.model.Transformer;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.LongUnaryOperator;

/**
 * How many rows of tokens a batch holds, so that a run of one model fits into memory.
 *
 * @param rows rows a batch
 * @param hostBytes the most that the process will hold
 * @param deviceBytes the most that it takes of a device
 */
public record BatchPlan(int rows, long hostBytes, long deviceBytes) {
  /** Growth of a JVM, and the buffers into which kernels of the host pack factors. */
  private static final long GROWTH = MemoryCheck.JVM_GROWTH + Planner.PACKING;

  /** The same with fewer rows a batch, which takes less. */
  public BatchPlan withRows(int fewer) {
    return new BatchPlan(fewer, hostBytes, deviceBytes);
  }

  /**
   * The largest batch that fits, but no larger than the requested one.
   *
   * @param ofTokens bytes that a run takes for batches of that many tokens, weights aside
   * @throws InputException if not even one row fits, or the requested batch does not fit
   */
  public static BatchPlan of(
      Resources resources,
      Kernels kernels,
      Checkpoint checkpoint,
      long rows,
      int context,
      LongUnaryOperator ofTokens) {
    MemoryBounds bounds = MemoryBounds.now();
    long weights = Transformer.copiedWeights(checkpoint, kernels);
    OptionalLong device = kernels.freeDeviceBytes();
    long free = (long) (MemoryCheck.SHARE_OF_FREE * bounds.available()) + bounds.resident();
    long host = resources.memory().orElse(free);
    long base = bounds.resident() + GROWTH + bounds.idleHeap();
    int batch = (int) Math.min(rows, resources.batchRows(context));
    while (true) {
      long run = weights + ofTokens.applyAsLong((long) batch * context);
      long onHost = base + (device.isPresent() ? 0 : run);
      long onDevice = device.isPresent() ? run : 0;
      boolean fits =
          onHost <= host && run <= (device.isPresent() ? device.getAsLong() : bounds.outsideHeap());
      if (fits) {
        return new BatchPlan(batch, onHost, onDevice);
      }
      if (batch == 1 || resources.batchRows().isPresent()) {
        throw new InputException(
            InputOption.MEMORY,
            String.format(
                Locale.ROOT,
                "batches of %,d rows take %,d bytes, and there are %,d",
                batch,
                onHost + onDevice,
                Math.min(host, bounds.resident() + bounds.outsideHeap())),
            "lower --batch or --context, or give more memory");
      }
      batch /= 2;
    }
  }
}
