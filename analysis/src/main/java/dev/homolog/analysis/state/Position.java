package dev.homolog.analysis.state;

/**
 * How far a run had come when its state was saved.
 *
 * @param passes how many it makes over the text
 * @param rowsAPass neurons of the reference a pass
 * @param pass the one under way, counted from 0; as many as there are when all are done
 * @param seen positions of the text that this pass had read
 * @param seconds that the plan foresaw for the whole; NaN if unknown
 */
public record Position(int passes, int rowsAPass, int pass, long seen, double seconds) {
  /** Whether all passes are done. */
  public boolean passesDone() {
    return pass == passes;
  }
}
