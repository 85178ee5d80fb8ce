package dev.homolog.core.hub;

/** Hears how far a download is. Calls come from any thread, one at a time. */
public interface HubListener {
  /** Hears nothing. */
  HubListener SILENT =
      new HubListener() {
        @Override
        public void progress(long done, long total) {
          // silent
        }

        @Override
        public void note(String line) {
          // silent
        }
      };

  /**
   * How many bytes are there.
   *
   * @param total of all files that are fetched; it grows where a size is not known beforehand
   */
  void progress(long done, long total);

  /** Something that the user should know, in one line. */
  void note(String line);
}
