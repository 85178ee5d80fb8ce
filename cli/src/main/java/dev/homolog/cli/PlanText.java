package dev.homolog.cli;

import dev.homolog.analysis.measure.Cost;
import dev.homolog.analysis.plan.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A plan in words. */
final class PlanText {
  private PlanText() {}

  static List<String> lines(Plan plan) {
    List<String> lines = new ArrayList<>();
    if (plan.passes() > 0) {
      lines.add(
          format(
              "plan: %,d %s over the text, %,d reference neurons a pass; about %s",
              plan.passes(),
              plan.passes() == 1 ? "pass" : "passes",
              plan.rowsAPass(),
              duration(plan.seconds())));
    }
    lines.add(
        format("plan: %,d MiB at most on the host", plan.hostBytes() >> 20)
            + (plan.deviceBytes() == 0
                ? ""
                : format(", %,d MiB on the device", plan.deviceBytes() >> 20)));
    lines.addAll(parts(plan.parts()));
    if (plan.reading().bytes() > 0) {
      long bytes = plan.reading().bytes();
      lines.add(format("plan: %,d MiB before that, while the text is read", bytes >> 20));
      lines.addAll(parts(plan.reading().parts()));
    }
    if (plan.diskBytes() > 0) {
      long bytes = plan.diskBytes();
      lines.add(format("plan: %,d MiB at most on disk, to go on after a stop", bytes >> 20));
    }
    for (Cost.Flops kind : plan.flops()) {
      lines.add(format("plan:   %-18s %,8.1f GFLOP", kind.name(), kind.operations() / 1e9));
    }
    return lines;
  }

  private static List<String> parts(List<Cost.Part> parts) {
    return parts.stream()
        .filter(part -> part.bytes() >> 20 > 0)
        .map(part -> format("plan:   %-18s %,8d MiB", part.name(), part.bytes() >> 20))
        .toList();
  }

  private static String duration(double seconds) {
    if (seconds < 120) {
      return format("%.0f s", seconds);
    }
    return seconds < 7200 ? format("%.0f min", seconds / 60) : format("%.1f h", seconds / 3600);
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }
}
