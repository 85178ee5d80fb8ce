package dev.homolog.core.kernels.vector;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A fixed crew of threads that share out numbered pieces of work; the caller is one of them. Which
 * thread takes a piece is left to chance, so a piece must not depend on it.
 */
final class Workers implements AutoCloseable {

  /** One piece of work; {@code worker} in [0, threads) names the scratch memory to use. */
  @FunctionalInterface
  interface Piece {
    void run(int worker, int piece);
  }

  private final int threads;
  private final ExecutorService helpers;
  private final float[][] lines;

  Workers(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads " + threads);
    }
    this.threads = threads;
    this.lines = new float[threads][0];
    this.helpers =
        threads == 1
            ? null
            : Executors.newFixedThreadPool(
                threads - 1, Thread.ofPlatform().daemon().name("homolog-kernels-", 1).factory());
  }

  int threads() {
    return threads;
  }

  /** Scratch of a worker, n floats or more, for the piece that asks: the next one gets the same. */
  float[] line(int worker, int n) {
    if (lines[worker].length < n) {
      lines[worker] = new float[n];
    }
    return lines[worker];
  }

  /** Runs pieces 0 … count − 1 and returns when all are done; the first failure is thrown on. */
  void run(int count, Piece piece) {
    if (threads == 1 || count <= 1) {
      for (int i = 0; i < count; i++) {
        piece.run(0, i);
      }
      return;
    }
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> running = new ArrayList<>(threads);
    for (int w = 1; w < Math.min(threads, count); w++) {
      int worker = w;
      running.add(helpers.submit(() -> drain(worker, count, next, piece)));
    }
    Throwable failure = null;
    try {
      drain(0, count, next, piece);
    } catch (RuntimeException | Error e) {
      next.set(count);
      failure = e;
    }
    for (Future<?> future : running) {
      try {
        future.get();
      } catch (ExecutionException e) {
        next.set(count);
        failure = failure == null ? e.getCause() : failure;
      } catch (InterruptedException e) {
        next.set(count);
        Thread.currentThread().interrupt();
        failure = failure == null ? new IllegalStateException("interrupted", e) : failure;
      }
    }
    if (failure instanceof Error e) {
      throw e;
    }
    if (failure != null) {
      throw (RuntimeException) failure;
    }
  }

  private static void drain(int worker, int count, AtomicInteger next, Piece piece) {
    for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
      piece.run(worker, i);
    }
  }

  @Override
  public void close() {
    if (helpers != null) {
      helpers.shutdownNow();
    }
  }
}
