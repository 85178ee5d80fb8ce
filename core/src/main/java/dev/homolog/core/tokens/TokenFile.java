package dev.homolog.core.tokens;

import dev.homolog.core.FileContents;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.npy.NpyFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A file of token ids, and what it does not say itself.
 *
 * @param file a {@code .npy} file of int32, int64, uint16 or uint32, [rows, context] or [tokens];
 *     or ids and nothing else, as nanoGPT writes them
 * @param type of the ids of a file that is no {@code .npy}
 * @param context width of the rows that a flat stream is cut into, BOS included
 */
public record TokenFile(Path file, Optional<TokenType> type, OptionalInt context) {
  /** A {@code .npy} file of rows. */
  public static TokenFile of(Path file) {
    return new TokenFile(file, Optional.empty(), OptionalInt.empty());
  }

  /**
   * The id in front of the first row of a matrix [rows, context]. Empty for a flat stream, and for
   * an id that no vocabulary has.
   *
   * @throws InputException if the file holds no ids
   */
  public OptionalInt firstId() {
    try (Ids ids = open()) {
      long id = ids.shape().size() == 2 && ids.elements() > 0 ? ids.at(0) : -1;
      return id >= 0 && id <= Integer.MAX_VALUE ? OptionalInt.of((int) id) : OptionalInt.empty();
    }
  }

  /**
   * Maps the file.
   *
   * @throws InputException if it holds no ids
   */
  Ids open() {
    if (!Files.isRegularFile(file)) {
      return npy(); // says what is missing
    }
    FileContents contents = contents();
    if (contents == FileContents.NPY) {
      if (type.isPresent()) {
        throw new InputException(
            InputOption.DTYPE, file + " says itself of which type it is", "leave it out");
      }
      return npy();
    }
    boolean known =
        contents != FileContents.OTHER
            && contents != FileContents.EMPTY
            && contents != FileContents.ZIP;
    if (known && (type.isEmpty() || contents == FileContents.GIT_LFS)) {
      throw new InputException(file, "", "holds " + contents.description(), contents.remedy());
    }
    if (type.isPresent()) {
      return raw(type.get());
    }
    if (file.toString().toLowerCase(Locale.ROOT).endsWith(".bin")) {
      throw new InputException(
          file,
          "",
          "ids without a header, which does not say their type",
          "give --dtype uint16, as nanoGPT writes, or uint32");
    }
    return npy();
  }

  private FileContents contents() {
    try {
      return FileContents.of(file);
    } catch (IOException e) {
      return FileContents.OTHER; // whoever reads it says why it cannot be read
    }
  }

  private Ids npy() {
    NpyFile npy = NpyFile.open(file);
    Optional<TokenType> found =
        switch (npy.dtype()) {
          case I16 -> npy.unsigned() ? Optional.of(TokenType.UINT16) : Optional.empty();
          case I32 -> Optional.of(npy.unsigned() ? TokenType.UINT32 : TokenType.INT32);
          case I64 -> Optional.of(TokenType.INT64);
          default -> Optional.empty();
        };
    if (found.isEmpty()) {
      npy.close();
      throw new InputException(
          file, "", "elements are " + npy.dtype() + ", not token ids", "give int32 or int64");
    }
    return new Ids(found.get(), npy.shape(), npy.data(), npy::close);
  }

  @SuppressWarnings("MustBeClosedChecker") // closed with the ids, and here on every failure
  private Ids raw(TokenType of) {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment data = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      requireIds(of, data);
      return new Ids(of, List.of(data.byteSize() / of.bytes()), data, arena::close);
    } catch (IOException e) {
      arena.close();
      throw new InputException(
          file.toString(), "", "cannot be read: " + e.getMessage(), "check the file", e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private void requireIds(TokenType of, MemorySegment data) {
    long bytes = data.byteSize();
    if (bytes == 0 || bytes % of.bytes() != 0) {
      throw new InputException(
          file,
          "",
          bytes + " bytes are no ids of " + of.bytes() + " bytes each",
          "check --dtype, and that the file is whole");
    }
    long first = bytes < 4 ? 0 : TokenType.UINT32.at(data, 0);
    if (first == 20_240_520 || first == 20_240_801) {
      throw new InputException(
          file, "", "begins with the header of llm.c", "cut it off with tail -c +1025");
    }
  }

  /**
   * Ids of a file that is mapped.
   *
   * @param type of an id
   * @param shape [rows, context] or [tokens]
   * @param data all ids
   * @param end unmaps the file
   */
  record Ids(TokenType type, List<Long> shape, MemorySegment data, Runnable end)
      implements AutoCloseable {

    long elements() {
      return data.byteSize() / type.bytes();
    }

    long at(long index) {
      return type.at(data, index);
    }

    @Override
    public void close() {
      end.run();
    }
  }
}
