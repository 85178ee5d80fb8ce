package dev.homolog.cli;

import dev.homolog.analysis.RunListener;
import dev.homolog.analysis.plan.Plan;
import java.io.PrintWriter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * How far a run has come. On a terminal each phase has a bar with units a second and the time left.
 * With {@code --verbose} the plan is printed, and a line for each phase.
 */
final class Progress implements RunListener, AutoCloseable {
  /** The phase in which files are fetched; its units are bytes. */
  static final String DOWNLOAD = "download";

  private static final int WIDTH = 100;

  private final boolean onTerminal;
  private final boolean verbose;
  private final PrintWriter err;
  private boolean halved;
  private volatile boolean silent;
  private String phase = "";
  private long started;
  private long last;
  private ProgressBar bar;

  private Progress(boolean onTerminal, boolean verbose, PrintWriter err) {
    this.onTerminal = onTerminal;
    this.verbose = verbose;
    this.err = err;
  }

  static Progress start(boolean verbose, PrintWriter err) {
    return new Progress(onTerminal(), verbose, err);
  }

  /** Whether there are lines of progress: the launcher knows where standard error leads. */
  static boolean onTerminal() {
    return Boolean.getBoolean("homolog.progress");
  }

  /** The plan of a study, line by line; also where it is another than at first. */
  @Override
  public void planned(Plan plan) {
    if (verbose || halved) {
      PlanText.lines(plan).forEach(line -> err.println("homolog: " + line));
    }
  }

  @Override
  public void halved(int rows, int fewer, String reason) {
    finish();
    halved = true;
    err.println(
        "homolog: out of device memory ("
            + reason
            + "); the run begins anew with batches of "
            + fewer
            + (fewer == 1 ? " row" : " rows")
            + " in place of "
            + rows
            + ", as with --batch "
            + fewer);
  }

  @Override
  public void progress(String phase, long done, long total) {
    if (!phase.equals(this.phase)) {
      finish();
      this.phase = phase;
      started = System.nanoTime();
      bar = onTerminal ? open(phase, total) : null;
    }
    last = done;
    if (bar != null) {
      bar.stepTo(done);
    }
  }

  private ProgressBar open(String phase, long total) {
    String unit =
        switch (phase) {
          case "correlations", "baseline" -> " models";
          case "lineage" -> " pairs";
          case "subsets" -> " subsets";
          case "merge" -> " pieces";
          case "neighbours", "vocabulary", "unembedding" -> " neurons";
          case "composition" -> " layers";
          case DOWNLOAD -> " MB";
          default -> " tokens";
        };
    return new ProgressBarBuilder()
        .setTaskName(String.format(Locale.ROOT, "%-12s", phase))
        .setInitialMax(total == 0 ? -1 : total)
        .setStyle(ProgressBarStyle.ASCII)
        .setUnit(unit, phase.equals(DOWNLOAD) ? 1_000_000 : 1)
        .showSpeed()
        .setSpeedUnit(ChronoUnit.SECONDS)
        .setUpdateIntervalMillis(200)
        .setMaxRenderedLength(WIDTH)
        .clearDisplayOnFinish()
        .setConsumer(new DelegatingProgressBarConsumer(line -> print("\r" + line), WIDTH))
        .build();
  }

  private void print(String line) {
    if (!silent) {
      err.print(line);
      err.flush();
    }
  }

  /** No line of progress comes any more; what a signal makes of the run is the last. Any thread. */
  void silence() {
    silent = true;
  }

  private void finish() {
    if (bar != null) {
      bar.close();
      print("\r" + " ".repeat(WIDTH) + "\r");
      bar = null;
    }
    if (verbose && !phase.isEmpty()) {
      double seconds = (System.nanoTime() - started) / 1e9;
      err.printf(Locale.ROOT, "homolog: %s: %,d in %.1f s%n", phase, last, seconds);
    }
    phase = "";
  }

  @Override
  public void close() {
    finish();
  }
}
