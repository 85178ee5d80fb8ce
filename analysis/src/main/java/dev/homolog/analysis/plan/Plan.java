package dev.homolog.analysis.plan;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.measure.Facts;
import dev.homolog.core.Brief;
import java.util.List;

/**
 * What a study will take, known before it begins.
 *
 * @param passes over the text: more than one where not all sums of products fit at once; 0 where
 *     none is read
 * @param rowsAPass neurons of the reference a pass
 * @param parts what memory goes to
 * @param reading what memory goes to before that, while text is read
 * @param hostBytes the most that the process will hold, what it holds already included
 * @param deviceBytes the most on the device; 0 without one
 * @param flops floating-point operations by what they are for
 * @param seconds how long it will take, by a short calibration; NaN before that
 */
public record Plan(
    int passes,
    int rowsAPass,
    List<Cost.Part> parts,
    ReadingPlan reading,
    long hostBytes,
    long deviceBytes,
    List<Cost.Flops> flops,
    double seconds) {

  /** Of text that needs hardly any memory to be read, or of none. */
  public Plan(
      int passes,
      int rowsAPass,
      List<Cost.Part> parts,
      long hostBytes,
      long deviceBytes,
      List<Cost.Flops> flops,
      double seconds) {
    this(passes, rowsAPass, parts, ReadingPlan.SMALL, hostBytes, deviceBytes, flops, seconds);
  }

  /** The same plan, with the time that it will take. */
  public Plan withSeconds(double seconds) {
    return new Plan(passes, rowsAPass, parts, reading, hostBytes, deviceBytes, flops, seconds);
  }

  /** The same plan, after text that was read within such a plan. */
  public Plan after(ReadingPlan reading) {
    long most = Math.max(hostBytes, reading.bytes());
    return new Plan(passes, rowsAPass, parts, reading, most, deviceBytes, flops, seconds);
  }

  /** Operations of all kinds. */
  public double operations() {
    return flops.stream().mapToDouble(Cost.Flops::operations).sum();
  }

  /** Adds the plan to {@code study.json}. */
  public void describe(Facts facts) {
    facts.put("passes", passes).put("reference_neurons_a_pass", rowsAPass);
    facts.put("host_bytes", hostBytes).put("device_bytes", deviceBytes);
    facts.put("seconds", seconds);
    Facts bytes = facts.object("bytes");
    parts.forEach(part -> bytes.put(part.name(), part.bytes()));
    Facts readingBytes = facts.object("reading_bytes");
    reading.parts().forEach(part -> readingBytes.put(part.name(), part.bytes()));
    Facts operations = facts.object("flops");
    flops.forEach(kind -> operations.put(kind.name(), kind.operations()));
  }

  @Override
  public String toString() {
    return Brief.of("Plan")
        .with("passes", passes)
        .with("rowsAPass", rowsAPass)
        .with("parts", parts)
        .with("reading", reading)
        .with("hostBytes", hostBytes)
        .with("deviceBytes", deviceBytes)
        .with("flops", flops)
        .with("seconds", seconds)
        .toString();
  }
}
