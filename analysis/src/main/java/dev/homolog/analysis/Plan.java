package dev.homolog.analysis;

import java.util.List;

/**
 * What a study will take, known before it begins.
 *
 * @param passes over the text: more than one where not all sums of products fit at once; 0 where
 *     none is read
 * @param rowsAPass neurons of the reference a pass
 * @param parts what memory goes to
 * @param hostBytes the most that the process will hold, what it holds already included
 * @param deviceBytes the most on the device; 0 without one
 * @param flops floating-point operations by what they are for
 * @param seconds how long it will take, by a short calibration; NaN before that
 */
public record Plan(
    int passes,
    int rowsAPass,
    List<Part> parts,
    long hostBytes,
    long deviceBytes,
    List<Flops> flops,
    double seconds) {

  /** Bytes of one use of memory. */
  public record Part(String name, long bytes) {}

  /** Operations of one kind of work; multiplying and adding are two. */
  public record Flops(String name, double operations) {}

  Plan withSeconds(double seconds) {
    return new Plan(passes, rowsAPass, parts, hostBytes, deviceBytes, flops, seconds);
  }

  /** Operations of all kinds. */
  public double operations() {
    return flops.stream().mapToDouble(Flops::operations).sum();
  }
}
