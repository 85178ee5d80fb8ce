package dev.homolog.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BriefTest {
  @Test
  void fieldsAreNamedAndListsCounted() {
    assertEquals(
        "R[a=1, b=3 × [x, …], c=[y], d=[], e=2 numbers, f=1 entries]",
        Brief.of("R")
            .with("a", 1)
            .with("b", List.of("x", "y", "z"))
            .with("c", List.of("y"))
            .with("d", List.of())
            .with("e", new double[2])
            .with("f", Map.of(1, 2))
            .toString());
  }

  @Test
  void nothingIsLong() {
    Brief brief = Brief.of("R");
    for (int i = 0; i < 30; i++) {
      brief.with("text" + i, "x".repeat(10_000));
      brief.with("list" + i, Collections.nCopies(1_000_000, "y".repeat(10_000)));
      brief.with("one" + i, List.of("y".repeat(10_000)));
    }
    assertTrue(brief.toString().length() < 2000, brief.toString());
    assertTrue(brief.toString().startsWith("R[text0=xxx"), brief.toString());
  }
}
