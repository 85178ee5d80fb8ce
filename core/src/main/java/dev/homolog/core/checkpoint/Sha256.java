package dev.homolog.core.checkpoint;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of native segments of any size, without a copy on the heap. */
final class Sha256 {
  private static final long CHUNK = 64L << 20; // a ByteBuffer ends at 2 GiB

  private final MessageDigest digest;

  Sha256() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  Sha256 update(MemorySegment data) {
    for (long offset = 0; offset < data.byteSize(); offset += CHUNK) {
      digest.update(data.asSlice(offset, Math.min(CHUNK, data.byteSize() - offset)).asByteBuffer());
    }
    return this;
  }

  Sha256 update(byte[] data) {
    digest.update(data);
    return this;
  }

  /** The digest in lower-case hex; begins anew. */
  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
