package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoundedTest {
  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.5, 0.05, 0.325, 0.3251, 0.1})
  void aNeuronStaysOnItsSideOfAThreshold(double threshold) {
    for (double away : new double[] {1e-9, 1e-7, 1e-5, 1e-3}) {
      assertTrue(Rounded.declared(threshold + away, 6).doubleValue() > threshold);
      assertTrue(Rounded.declared(threshold - away, 6).doubleValue() < threshold);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.123456789, -12.3456789, 3e-7})
  void sixDigitsOtherwise(double value) {
    assertEquals(value, Rounded.declared(value, 6).doubleValue(), 1e-5 * Math.abs(value));
    assertTrue(Rounded.declared(value, 6).precision() <= 6);
    assertNull(Rounded.declared(Double.NaN, 6));
  }
}
