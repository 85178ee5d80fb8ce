package dev.homolog.core.hub;

import dev.homolog.bindings.files.SharedLock;
import dev.homolog.core.InputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fetches one file of a model into the cache. It is written as {@code HASH.incomplete} under the
 * lock of {@code huggingface_hub}, and has its name only when size and hash are right. What a
 * broken download left there is continued. Where the lock cannot be had, two programs may fetch the
 * same file at once, so each writes under a name of its own and begins anew.
 *
 * @param client asks the hub
 * @param timing how often to try
 * @param blobs the folder of the model's files by their hashes
 * @param locks the folder of the model's locks
 * @param listener hears of other programs that are waited for
 */
record BlobDownload(
    HubClient client, HubSettings.Timing timing, Path blobs, Path locks, HubListener listener) {

  /**
   * Returns when the file is there, whoever fetched it.
   *
   * @param there counts its bytes
   * @throws InputException if it does not come whole, or not as the hub describes it
   * @throws IOException if the cache cannot be written
   */
  void fetch(RemoteFile file, AtomicLong there) throws IOException, InterruptedException {
    Path blob = blobs.resolve(file.hash().hex());
    if (isThere(file, blob)) {
      there.set(Files.size(blob));
      return;
    }
    Files.createDirectories(blobs);
    Files.createDirectories(locks);
    Path lockFile = locks.resolve(file.hash().hex() + ".lock");
    Optional<SharedLock> lock =
        SharedLock.take(
            lockFile,
            () -> listener.note(file.name() + ": waiting for another program that fetches it"));
    try {
      if (!isThere(file, blob)) {
        String own = lock.isPresent() ? "" : "." + Snapshot.random();
        Path part = blobs.resolve(file.hash().hex() + own + ".incomplete");
        complete(file, part, there);
        Files.move(part, blob, StandardCopyOption.ATOMIC_MOVE);
      }
      there.set(Files.size(blob));
    } finally {
      lock.ifPresent(SharedLock::close);
    }
  }

  private static boolean isThere(RemoteFile file, Path blob) throws IOException {
    return Files.isRegularFile(blob)
        && (file.size().isEmpty() || file.size().getAsLong() == Files.size(blob));
  }

  /** A part that another download left may be of anything; what is begun here is the hub's. */
  private void complete(RemoteFile file, Path part, AtomicLong there)
      throws IOException, InterruptedException {
    while (true) {
      boolean begun = Files.isRegularFile(part, LinkOption.NOFOLLOW_LINKS) && Files.size(part) > 0;
      InputException problem;
      try {
        receive(file, part, there);
        if (file.hash().matches(part)) {
          return;
        }
        problem =
            refusal(
                file,
                "has other bytes than the hash " + file.hash().hex() + " that the hub names",
                "try again; if it stays so, something between here and the hub changes files");
      } catch (FileReceiver.TooLongException e) {
        problem =
            refusal(
                file,
                "is longer than the hub says"
                    + (file.size().isPresent() ? ", " + file.size().getAsLong() + " bytes" : ""),
                "try again; if it stays so, something between here and the hub changes files");
      }
      Files.deleteIfExists(part);
      there.set(0);
      if (!begun) {
        throw problem;
      }
    }
  }

  private void receive(RemoteFile file, Path part, AtomicLong there)
      throws IOException, InterruptedException {
    try (FileChannel channel =
        FileChannel.open(
            part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
      long free = Files.getFileStore(part).getUsableSpace();
      there.set(channel.size());
      long limit = file.size().orElse(Math.max(0, free) + there.get());
      if (there.get() > limit) {
        channel.truncate(0);
        there.set(0);
      }
      int failures = 0;
      while (file.size().isEmpty() || there.get() < limit) {
        long before = there.get();
        try {
          channel.position(before);
          client.fetch(file, channel, limit, there);
          if (file.size().isEmpty()) {
            break;
          }
          if (there.get() < limit) {
            throw new IOException("the server ended too early");
          }
        } catch (FileReceiver.TooLongException | FileReceiver.WriteException e) {
          throw e;
        } catch (IOException e) {
          failures = there.get() > before ? 1 : failures + 1;
          if (failures >= timing.attempts()) {
            throw broken(file, there.get(), e);
          }
          client.pause(failures);
        }
      }
      channel.force(true);
    }
  }

  private static InputException broken(RemoteFile file, long there, IOException e) {
    String of = file.size().isPresent() ? " of " + file.size().getAsLong() : "";
    return new InputException(
        file.address().toString(),
        "",
        "the download broke off at " + there + of + " bytes (" + HubFailure.describe(e) + ")",
        "give the same command again; it goes on from there",
        e);
  }

  private static InputException refusal(RemoteFile file, String problem, String remedy) {
    return new InputException(file.address().toString(), "", problem, remedy);
  }
}
