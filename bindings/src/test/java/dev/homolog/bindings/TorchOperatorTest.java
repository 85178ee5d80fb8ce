package dev.homolog.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What the dispatcher consumes, also when a call fails or is never made; and the substitutes for
 * torch before 2.13.
 */
@ExtendWith(TorchFixture.class)
class TorchOperatorTest {
  private static final TorchOperator LINEAR = new TorchOperator("aten::linear", "");

  private final boolean hasText = TorchErrors.hasText;
  private final boolean hasFunctions = TorchOperator.OptionalCells.hasFunctions;

  @AfterEach
  void restore() {
    TorchErrors.hasText = hasText;
    TorchOperator.OptionalCells.hasFunctions = hasFunctions;
  }

  private static TorchTensor ones(long... sizes) {
    return TorchFixture.torch().zeros(ScalarType.FLOAT32, Device.CPU, sizes).fill(1);
  }

  /** x · weightᵀ + bias, by an operator with an optional argument. */
  private static TorchTensor linear(TorchTensor x, TorchTensor weight, TorchTensor bias) {
    try (TorchOperator.Call call = LINEAR.call()) {
      return call.tensor(x).tensor(weight).optional(bias).one();
    }
  }

  private static TorchTensor relu(TorchTensor x) {
    return TorchPointwise.Unary.RELU.of(x);
  }

  @Test
  void missingOperatorSaysSoAndConsumesNothing() {
    TorchOperator missing = new TorchOperator("aten::no_such_operator", "out");
    try (TorchTensor x = ones(2, 2)) {
      NativeException failure =
          assertThrows(
              NativeException.class,
              () -> {
                try (TorchOperator.Call call = missing.call()) {
                  call.tensor(x).string("tanh").optional(x).integers(1, 2).tensors(x, x).one();
                }
              });
      assertEquals("aten::no_such_operator.out", failure.function());
      TorchFixture.assertText(failure, "Could not find schema for aten::no_such_operator");
      assertEquals(2, x.size(0));
    }
  }

  @Test
  void failedCallFreesWhatItWasGiven() {
    try (TorchTensor x = ones(2, 3);
        TorchTensor w = ones(4, 5);
        TorchTensor b = ones(4)) {
      for (int i = 0; i < 3; i++) {
        NativeException failure = assertThrows(NativeException.class, () -> linear(x, w, b));
        assertEquals("aten::linear", failure.function());
        TorchFixture.assertText(failure, "cannot be multiplied");
      }
      x.fill(2);
      assertEquals(2, Matrix.of(x).at(1, 2));
    }
  }

  @Test
  void failureBetweenTheArgumentsFreesTheEarlierOnes() {
    try (TorchTensor x = ones(2, 3)) {
      TorchTensor closed = ones(4, 3);
      closed.close();
      assertThrows(IllegalStateException.class, () -> linear(x, closed, null));
      assertThrows(
          IllegalStateException.class,
          () -> {
            try (TorchOperator.Call call = LINEAR.call()) {
              call.tensors(x, x, closed);
            }
          });
      assertThrows(
          IllegalStateException.class,
          () -> {
            try (TorchOperator.Call call = LINEAR.call()) {
              call.string("none").optionalIntegers(1, 2).optionalReal(1).optional(closed);
            }
          });
    }
  }

  @Test
  void callsOfOneThreadDoNotNest() {
    try (TorchTensor x = ones(2, 2)) {
      IllegalStateException failure =
          assertThrows(
              IllegalStateException.class,
              () -> {
                try (TorchOperator.Call call = LINEAR.call()) {
                  call.tensor(relu(x));
                }
              });
      assertEquals(
          "the call of aten::relu began before that of aten::linear was made",
          failure.getMessage());
      try (TorchTensor after = relu(x)) {
        assertEquals(2, after.size(1));
      }
    }
  }

  @Test
  void tooManyArgumentsAreRefused() {
    assertThrows(
        IllegalStateException.class,
        () -> {
          try (TorchOperator.Call call = LINEAR.call()) {
            for (int i = 0; i < 100; i++) {
              call.integer(i);
            }
          }
        });
  }

  @Test
  void optionalArgumentsWithoutTheNewFunctions() {
    TorchOperator.OptionalCells.hasFunctions = false;
    Matrix x = Matrix.random(5, 4, new Random(1));
    try (Arena arena = Arena.ofConfined();
        TorchTensor tx = x.toFloat32(arena);
        TorchTensor bias = ones(3);
        TorchTensor w = ones(3, 4)) {
      for (int i = 0; i < 1000; i++) {
        try (TorchTensor y = linear(tx, w, bias)) {
          if (i == 0) {
            assertEquals(
                1 + x.at(2, 0) + x.at(2, 1) + x.at(2, 2) + x.at(2, 3), Matrix.of(y).at(2, 1), 1e-5);
          }
        }
      }
      TorchTensor closed = ones(3);
      closed.close();
      assertThrows(
          IllegalStateException.class,
          () -> {
            try (TorchOperator.Call call = LINEAR.call()) {
              call.optional(bias).optionalReal(3).optional(closed);
            }
          });
    }
  }

  @Test
  void substituteForTheTextNamesTheArguments() {
    TorchErrors.hasText = false;
    try (TorchTensor x = ones(2, 3);
        TorchTensor w = ones(4, 5)) {
      NativeException failure = assertThrows(NativeException.class, () -> linear(x, w, null));
      assertEquals(
          "aten::linear failed with 1: libtorch before 2.13 writes the reason to stderr only;"
              + " arguments: float32[2, 3], float32[4, 5]",
          failure.getMessage());
      assertEquals(1, failure.code());
    }
  }

  @Test
  void manyThreadsAtOnce() throws InterruptedException {
    Thread[] threads = new Thread[8];
    int[] failures = new int[1];
    try (TorchTensor x = ones(3, 3);
        TorchTensor w = ones(3, 3)) {
      for (int t = 0; t < threads.length; t++) {
        threads[t] =
            Thread.ofPlatform()
                .start(() -> {
                  for (int i = 0; i < 200; i++) {
                    try (TorchTensor y = linear(x, w, null);
                        TorchTensor z = TorchPointwise.mul(y, 2)) {
                      if (Matrix.of(z).at(2, 2) != 6) {
                        synchronized (failures) {
                          failures[0]++;
                        }
                      }
                    }
                  }
                });
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    assertEquals(0, failures[0]);
  }
}
