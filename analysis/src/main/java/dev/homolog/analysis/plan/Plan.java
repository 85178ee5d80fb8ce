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
 * @param hostBytes the most that the process will hold, what it holds already included
 * @param deviceBytes the most on the device; 0 without one
 * @param flops floating-point operations by what they are for
 * @param seconds how long it will take, by a short calibration; NaN before that
 * @param diskBytes the most that saved states take on the disk; 0 where none is saved
 */
public record Plan(
    int passes,
    int rowsAPass,
    List<Cost.Part> parts,
    long hostBytes,
    long deviceBytes,
    List<Cost.Flops> flops,
    double seconds,
    long diskBytes) {

  /** The same plan, with the time that it will take. */
  public Plan withSeconds(double seconds) {
    return new Plan(passes, rowsAPass, parts, hostBytes, deviceBytes, flops, seconds, diskBytes);
  }

  /** The same plan, with what saved states take on the disk. */
  public Plan withDisk(long bytes) {
    return new Plan(passes, rowsAPass, parts, hostBytes, deviceBytes, flops, seconds, bytes);
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
    if (diskBytes > 0) {
      facts.put("disk_bytes", diskBytes);
    }
    Facts bytes = facts.object("bytes");
    parts.forEach(part -> bytes.put(part.name(), part.bytes()));
    Facts operations = facts.object("flops");
    flops.forEach(kind -> operations.put(kind.name(), kind.operations()));
  }

  @Override
  public String toString() {
    return Brief.of("Plan")
        .with("passes", passes)
        .with("rowsAPass", rowsAPass)
        .with("parts", parts)
        .with("hostBytes", hostBytes)
        .with("deviceBytes", deviceBytes)
        .with("flops", flops)
        .with("seconds", seconds)
        .with("diskBytes", diskBytes)
        .toString();
  }
}
