package dev.homolog.cli;

import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.HomologException;
import dev.homolog.core.backend.Finding;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists what works on this machine; for the rest, the reason and the remedy. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = "Says what this machine has to run on, and what to do about what it lacks.")
final class DoctorCommand implements Callable<Integer> {
  /** JDK-8377811: G1 may move pinned objects in 25.0.0 to 25.0.2. */
  private static final Runtime.Version FIRST_SOUND = Runtime.Version.parse("25.0.3");

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Runtime.Version java = Runtime.version();
    boolean sound = java.feature() > 25 || java.compareToIgnoreOptional(FIRST_SOUND) >= 0;
    line(
        out,
        sound,
        "Java",
        java
            + (sound
                ? ""
                : ": G1 of this version may move pinned objects"
                    + " (JDK-8377811); take 25.0.3 or later"));
    line(
        out,
        true,
        "machine",
        String.format(
            Locale.ROOT,
            "%s %s, %d cores, %,d MiB of Java heap at most",
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            Runtime.getRuntime().availableProcessors(),
            Runtime.getRuntime().maxMemory() >> 20));
    for (Finding finding : Finding.all(Runtime.getRuntime().availableProcessors())) {
      line(out, finding.good(), finding.what(), finding.text());
    }
    try {
      TableFormat.PARQUET.require();
      line(out, true, "parquet", "DuckDB is there");
    } catch (HomologException e) {
      line(out, false, "parquet", e.getMessage());
    }
    return 0;
  }

  private static void line(PrintWriter out, boolean good, String what, String text) {
    out.printf(Locale.ROOT, "%-4s %-8s %s%n", good ? "ok" : "!", what, text);
  }
}
