package dev.homolog.analysis.lineage;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/**
 * Threads that do numbered pieces of work. Which thread takes a piece is left to chance, so a piece
 * writes to a place of its own.
 */
final class Crew implements AutoCloseable {
  private final ExecutorService threads;

  /**
   * @param count of threads, at least 1
   */
  Crew(int count) {
    threads =
        Executors.newFixedThreadPool(
            count, Thread.ofPlatform().daemon().name("homolog-lineage-", 1).factory());
  }

  /** Does pieces 0 … count − 1 and returns when all are done; the first failure is thrown on. */
  void run(int count, IntConsumer piece) {
    List<Callable<Void>> pieces = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      pieces.add(() -> {
        piece.accept(number);
        return null;
      });
    }
    try {
      for (Future<Void> done : threads.invokeAll(pieces)) {
        done.get();
      }
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Error error -> throw error;
        case RuntimeException failure -> throw failure;
        default -> throw new IllegalStateException(e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
