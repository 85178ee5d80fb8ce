package dev.homolog.analysis.plan;

import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.kernels.Kernels;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether a plan fits into what memory there is.
 *
 * @param memory what the process may hold, if that was said
 * @param bounds what the machine and the JVM allow
 * @param kernels whose device is asked what it has free
 * @param less how to need less, as the end of a remedy
 */
record MemoryCheck(OptionalLong memory, MemoryBounds bounds, Kernels kernels, String less) {
  /** Compiled code and class data that a JVM adds while it runs. */
  public static final long JVM_GROWTH = 60L << 20;

  /** Heap that any run needs besides its results. */
  public static final long LEAST_HEAP = 32L << 20;

  /** Share of the machine's free memory that a run takes of its own accord. */
  static final double SHARE_OF_FREE = 0.95;

  /**
   * Heap of a plan.
   *
   * @param needed without which it does not run
   * @param planned what it comes to, with garbage
   */
  public record Heap(long needed, long planned) {}

  /** The first bound that a plan breaks, as the refusal that says so. */
  public Optional<InputException> problem(Plan plan, Heap heap) {
    Optional<InputException> said = beyondSaid(memory, plan.hostBytes(), less);
    if (said.isPresent()) {
      return said;
    }
    if (heap.needed > bounds.mostHeap()) {
      return problem(
          "-Xmx",
          bounds.mostHeap(),
          " of heap are what this JVM may take",
          heap.needed,
          more(heap.needed));
    }
    long outside = plan.hostBytes() - bounds.resident() - JVM_GROWTH - heap.planned;
    if (outside > bounds.outsideHeap()) {
      return problem(
          "-Xmx",
          bounds.outsideHeap(),
          " are what this JVM may take outside its heap",
          outside,
          more(outside));
    }
    Optional<InputException> beyondFree =
        memory.isPresent() ? Optional.empty() : beyondFree(bounds, plan.hostBytes(), less);
    if (beyondFree.isPresent()) {
      return beyondFree;
    }
    OptionalLong device = kernels.freeDeviceBytes();
    if (device.isPresent() && plan.deviceBytes() > SHARE_OF_FREE * device.getAsLong()) {
      return problem(
          "GPU memory", device.getAsLong(), " are free", plan.deviceBytes(), "free the GPU" + less);
    }
    return Optional.empty();
  }

  /** Whether so many bytes are more than the user said. */
  static Optional<InputException> beyondSaid(OptionalLong memory, long hostBytes, String less) {
    if (memory.isEmpty() || hostBytes <= memory.getAsLong()) {
      return Optional.empty();
    }
    String text = text(memory.getAsLong(), "", hostBytes);
    String remedy = "give --memory " + hostBytes + less;
    return Optional.of(new InputException(InputOption.MEMORY, text, remedy));
  }

  /** Whether so many bytes are more than the machine has free beside what the process holds. */
  static Optional<InputException> beyondFree(MemoryBounds bounds, long hostBytes, String less) {
    long free = (long) (SHARE_OF_FREE * bounds.available());
    long needed = hostBytes - bounds.resident();
    return needed <= free
        ? Optional.empty()
        : problem(
            "memory",
            free,
            " are free",
            needed,
            "close other programs or take a larger machine" + less);
  }

  private String more(long bytes) {
    return "give Java more, as with HOMOLOG_JAVA_OPTS=-Xmx" + ((bytes >> 30) + 1) + "g" + less;
  }

  private static Optional<InputException> problem(
      String name, long bytes, String what, long needed, String remedy) {
    return Optional.of(new InputException(name, "", text(bytes, what, needed), remedy));
  }

  private static String text(long bytes, String what, long needed) {
    return String.format(Locale.ROOT, "%,d bytes%s, but the study needs %,d", bytes, what, needed);
  }
}
