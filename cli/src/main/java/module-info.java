/** The {@code homolog} command: arguments, progress and exit codes. */
module dev.homolog.cli {
  requires dev.homolog.analysis;
  requires info.picocli;
  requires me.tongfei.progressbar;

  opens dev.homolog.cli to
      info.picocli;
}
