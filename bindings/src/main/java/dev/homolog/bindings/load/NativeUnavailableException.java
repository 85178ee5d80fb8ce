package dev.homolog.bindings.load;

import java.util.List;
import java.util.stream.Collectors;

/** No library that was looked for can be used; says why of each, in one line. */
public final class NativeUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<Refusal> refusals;

  public NativeUnavailableException(List<Refusal> refusals) {
    super(refusals.stream().map(Refusal::toString).collect(Collectors.joining(" | ")));
    this.refusals = List.copyOf(refusals);
  }

  public NativeUnavailableException(Refusal refusal) {
    this(List.of(refusal));
  }

  /** In the order in which things were looked for. */
  public List<Refusal> refusals() {
    return refusals;
  }
}
