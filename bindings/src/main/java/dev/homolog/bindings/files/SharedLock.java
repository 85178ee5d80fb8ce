package dev.homolog.bindings.files;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;

/**
 * The lock on a file that Python's {@code filelock} takes. On Unix that is {@code flock}, which
 * belongs to an open file. Java's {@code FileChannel.lock} is {@code fcntl}, which belongs to a
 * process; on Linux neither sees the other. So {@code flock} is called in the C library.
 *
 * <p>The file stays when the lock is released, as with {@code filelock}: whoever waits must hold
 * the same file. Some versions of {@code filelock} remove it all the same, so a lock counts only if
 * its file still has its name. Threads of one process exclude each other too.
 */
public final class SharedLock implements AutoCloseable {
  private static final int READ_WRITE = 2;
  private static final int CLOSE_ON_EXEC = 0x80000; // Linux, all processors
  private static final int EXCLUSIVE_AT_ONCE = 2 | 4;
  private static final int WOULD_BLOCK = 11; // EAGAIN of Linux
  private static final int INTERRUPTED = 4;
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final int descriptor;

  private SharedLock(int descriptor) {
    this.descriptor = descriptor;
  }

  private static final class C {
    static final Linker LINKER = Linker.nativeLinker();
    static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    static final MethodHandle OPEN =
        find("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    static final MethodHandle FLOCK =
        find("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    static final MethodHandle CLOSE = find("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    @SuppressWarnings("restricted") // three functions of the C library
    private static MethodHandle find(String name, FunctionDescriptor type) {
      Linker.Option[] options =
          name.equals("open")
              ? new Linker.Option[] {ERRNO, Linker.Option.firstVariadicArg(2)}
              : new Linker.Option[] {ERRNO};
      return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, options);
    }

    /** What a call returned, or minus its error number. */
    static int call(Call call) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
        int result = call.apply(arena, state);
        return result < 0 ? -state.get(JAVA_INT, 0) : result;
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }
  }

  private interface Call {
    int apply(Arena arena, MemorySegment state) throws Throwable;
  }

  /** Whether this module may take such locks: on Linux, with native access. */
  public static boolean available() {
    return System.getProperty("os.name").equals("Linux")
        && SharedLock.class.getModule().isNativeAccessEnabled();
  }

  /**
   * Waits for the lock, and makes its file, but no folder, if it is not there. Empty where no such
   * lock can be had: not {@link #available}, or a file system without {@code flock}.
   *
   * @param waiting told once if another process holds the lock
   * @throws IOException if the file cannot be made or opened, or is a link
   * @throws InterruptedException if this thread is interrupted while it waits
   */
  public static Optional<SharedLock> take(Path file, Runnable waiting)
      throws IOException, InterruptedException {
    if (!available()) {
      return Optional.empty();
    }
    boolean told = false;
    while (true) {
      int descriptor = open(file);
      int status = C.call((_, state) -> flock(state, descriptor));
      if (status == 0 && isStill(file, descriptor)) {
        return Optional.of(new SharedLock(descriptor));
      }
      close(descriptor);
      if (status != 0 && status != -WOULD_BLOCK && status != -INTERRUPTED) {
        return Optional.empty();
      }
      if (status == -WOULD_BLOCK && !told) {
        waiting.run();
        told = true;
      }
      Thread.sleep(PAUSE);
    }
  }

  /** Java makes the file, so that its name is written as elsewhere and no link is followed. */
  private static int open(Path file) throws IOException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      make(file);
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException("the lock " + file + " is no plain file");
    }
    byte[] name = file.toString().getBytes(paths());
    int descriptor =
        C.call((arena, state) -> {
          MemorySegment path = arena.allocate(name.length + 1L); // zeros, so it has an end
          MemorySegment.copy(name, 0, path, ValueLayout.JAVA_BYTE, 0, name.length);
          return open(state, path);
        });
    if (descriptor < 0) {
      throw new IOException("the lock " + file + " cannot be opened, error " + -descriptor);
    }
    return descriptor;
  }

  /** Others of the group may take the lock in a shared cache, as with {@code huggingface_hub}. */
  private static void make(Path file) throws IOException {
    try (FileChannel _ =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
    }
  }

  private static Charset paths() {
    return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
  }

  private static boolean isStill(Path file, int descriptor) {
    try {
      Object locked = key(Path.of("/proc/self/fd/" + descriptor));
      return locked != null && locked.equals(key(file));
    } catch (IOException e) {
      return false; // removed meanwhile
    }
  }

  private static Object key(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  private static int open(MemorySegment state, MemorySegment path) throws Throwable {
    return (int) C.OPEN.invokeExact(state, path, READ_WRITE | CLOSE_ON_EXEC);
  }

  private static int flock(MemorySegment state, int descriptor) throws Throwable {
    return (int) C.FLOCK.invokeExact(state, descriptor, EXCLUSIVE_AT_ONCE);
  }

  private static void close(int descriptor) {
    C.call((_, state) -> (int) C.CLOSE.invokeExact(state, descriptor));
  }

  /** Releases the lock. Its file stays. Call it once. */
  @Override
  public void close() {
    close(descriptor);
  }
}
