package dev.homolog.core.hub;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;

/** Writes the body of an answer to a file as it comes, at most so many bytes. */
final class FileReceiver implements BodySubscriber<Boolean> {
  private final FileChannel file;
  private final long limit;
  private final AtomicLong written;
  private final CompletableFuture<Boolean> whole = new CompletableFuture<>();
  private Flow.Subscription subscription;

  /**
   * @param file where the next byte goes, at its position
   * @param limit bytes that may come
   * @param written counts the bytes that came
   */
  FileReceiver(FileChannel file, long limit, AtomicLong written) {
    this.file = file;
    this.limit = limit;
    this.written = written;
  }

  @Override
  public CompletionStage<Boolean> getBody() {
    return whole;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    subscription.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    try {
      for (ByteBuffer buffer : buffers) {
        if (written.get() + buffer.remaining() > limit) {
          throw new TooLongException();
        }
        while (buffer.hasRemaining()) {
          written.addAndGet(file.write(buffer));
        }
      }
      subscription.request(1);
    } catch (TooLongException e) {
      end(e);
    } catch (IOException e) {
      end(new WriteException(e));
    }
  }

  private void end(IOException failure) {
    subscription.cancel();
    whole.completeExceptionally(failure);
  }

  @Override
  public void onError(Throwable failure) {
    whole.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    whole.complete(true);
  }

  /** More bytes came than the file has. */
  static final class TooLongException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** The disk failed, not the network. */
  static final class WriteException extends IOException {
    private static final long serialVersionUID = 1L;

    WriteException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
