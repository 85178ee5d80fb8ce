package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MainTest {
  @Test
  void exitCodes() {
    assertEquals(0, Main.execute("--version"));
    assertEquals(2, Main.execute());
    assertEquals(2, Main.execute("--no-such-flag"));
  }
}
