package dev.homolog.bindings;

import java.util.concurrent.atomic.LongAdder;

/** Counts the native objects that this process has made and not given back. */
final class LiveHandles {
  private static final LongAdder COUNT = new LongAdder();

  private LiveHandles() {}

  static void made() {
    COUNT.increment();
  }

  static void gone() {
    COUNT.decrement();
  }

  static long count() {
    return COUNT.sum();
  }
}
