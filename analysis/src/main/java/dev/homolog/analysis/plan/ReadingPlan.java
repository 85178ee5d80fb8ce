package dev.homolog.analysis.plan;

import dev.homolog.analysis.measure.Cost.Part;
import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import dev.homolog.core.tokens.ZstdWindow;
import java.util.List;
import java.util.OptionalLong;

/**
 * Memory held while text is read. It is gone before the passes, so it is a bound of its own and
 * adds nothing to their memory.
 *
 * @param parts what memory goes to; empty where no file needs enough to count
 */
public record ReadingPlan(List<Part> parts) {
  /** Of text that needs hardly any memory. */
  public static final ReadingPlan SMALL = new ReadingPlan(List.of());

  /** The line of a compressed file's window. */
  public static final String WINDOW = "zstd window";

  public ReadingPlan {
    parts = List.copyOf(parts);
  }

  /**
   * Of a file whose window counts.
   *
   * @param memory bytes that the process may hold at most, if that was said
   * @throws InputException if it does not fit; it names the bound and the file
   */
  public static ReadingPlan of(ZstdWindow window, OptionalLong memory, MemoryBounds bounds) {
    long heap = Math.max(bounds.idleHeap(), MemoryCheck.LEAST_HEAP);
    ReadingPlan plan =
        new ReadingPlan(
            List.of(
                new Part("held before", bounds.resident()),
                new Part("JVM", MemoryCheck.JVM_GROWTH),
                new Part("heap", heap),
                new Part(WINDOW, window.bytes())));
    String less = ", or compress " + window.file() + " again without --long";
    MemoryCheck.beyondSaid(memory, plan.bytes(), less)
        .or(() -> MemoryCheck.beyondFree(bounds, plan.bytes(), less))
        .ifPresent(problem -> {
          throw problem;
        });
    return plan;
  }

  /** The most that the process holds while text is read; 0 where that is hardly anything. */
  public long bytes() {
    return parts.stream().mapToLong(Part::bytes).sum();
  }

  @Override
  public String toString() {
    return Brief.of("ReadingPlan").with("parts", parts).toString();
  }
}
