package dev.homolog.bindings.load;

/**
 * Why one thing that was looked for is not used.
 *
 * @param what what was looked for: a source of libtorch, the CUDA runtime, native access
 * @param where the folder or file, empty if there is none
 * @param reason what is wrong
 * @param advice what to do about it, empty if there is nothing to do
 */
public record Refusal(String what, String where, String reason, String advice) {
  @Override
  public String toString() {
    return what
        + (where.isEmpty() ? "" : " (" + where + ")")
        + ": "
        + reason
        + (advice.isEmpty() ? "" : "; " + advice);
  }
}
