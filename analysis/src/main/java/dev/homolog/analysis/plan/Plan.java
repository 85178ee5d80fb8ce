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
 * @param most the most bytes at one time
 * @param flops floating-point operations by what they are for
 * @param seconds how long it will take, by a short calibration; NaN before that
 */
public record Plan(
    int passes,
    int rowsAPass,
    List<Cost.Part> parts,
    ReadingPlan reading,
    Most most,
    List<Cost.Flops> flops,
    double seconds) {

  /**
   * The most bytes at one time.
   *
   * @param host that the process will hold, what it holds already included
   * @param device 0 without one
   * @param disk of saved states; 0 where none is saved
   */
  public record Most(long host, long device, long disk) {}

  /** Of text that needs hardly any memory to be read, or of none; no state is saved. */
  public Plan(
      int passes,
      int rowsAPass,
      List<Cost.Part> parts,
      long hostBytes,
      long deviceBytes,
      List<Cost.Flops> flops,
      double seconds) {
    this(
        passes,
        rowsAPass,
        parts,
        ReadingPlan.SMALL,
        new Most(hostBytes, deviceBytes, 0),
        flops,
        seconds);
  }

  /** The most bytes of the host. */
  public long hostBytes() {
    return most.host;
  }

  /** The most bytes of the device; 0 without one. */
  public long deviceBytes() {
    return most.device;
  }

  /** The most bytes that saved states take on the disk; 0 where none is saved. */
  public long diskBytes() {
    return most.disk;
  }

  /** The same plan, with the time that it will take. */
  public Plan withSeconds(double seconds) {
    return new Plan(passes, rowsAPass, parts, reading, most, flops, seconds);
  }

  /** The same plan, after text that was read within such a plan. */
  public Plan after(ReadingPlan reading) {
    Most all = new Most(Math.max(most.host, reading.bytes()), most.device, most.disk);
    return new Plan(passes, rowsAPass, parts, reading, all, flops, seconds);
  }

  /** The same plan, with what saved states take on the disk. */
  public Plan withDisk(long bytes) {
    Most all = new Most(most.host, most.device, bytes);
    return new Plan(passes, rowsAPass, parts, reading, all, flops, seconds);
  }

  /** Operations of all kinds. */
  public double operations() {
    return flops.stream().mapToDouble(Cost.Flops::operations).sum();
  }

  /** Adds the plan to {@code study.json}. */
  public void describe(Facts facts) {
    facts.put("passes", passes).put("reference_neurons_a_pass", rowsAPass);
    facts.put("host_bytes", most.host).put("device_bytes", most.device);
    facts.put("seconds", seconds);
    if (most.disk > 0) {
      facts.put("disk_bytes", most.disk);
    }
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
        .with("most", most)
        .with("flops", flops)
        .with("seconds", seconds)
        .toString();
  }
}
