package dev.homolog.core.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the hub says that a file's bytes hash to. Large files have the SHA-256 of their bytes. Small
 * ones, which lie in git, have the SHA-1 of git's blob: {@code blob}, the size in decimal digits, a
 * zero byte, then the bytes.
 *
 * @param hex 40 or 64 digits, which also name the file in the cache
 */
record FileHash(String hex) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
  private static final int BUFFER = 1 << 20;

  /** That of a header such as {@code W/"0123…"}; empty if it is no such hash. */
  static Optional<FileHash> ofTag(String tag) {
    String plain = tag.strip().replaceFirst("^W/", "").replaceAll("^\"|\"$", "");
    return FORM.matcher(plain).matches() ? Optional.of(new FileHash(plain)) : Optional.empty();
  }

  /** Whether a file has it. */
  boolean matches(Path file) throws IOException {
    MessageDigest digest = digest(hex.length() == 64 ? "SHA-256" : "SHA-1");
    try (FileChannel channel = FileChannel.open(file)) {
      if (hex.length() == 40) {
        digest.update(("blob " + channel.size() + '\0').getBytes(StandardCharsets.US_ASCII));
      }
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
      while (channel.read(buffer) >= 0) {
        digest.update(buffer.flip());
        buffer.clear();
      }
    }
    return HexFormat.of().formatHex(digest.digest()).equals(hex);
  }

  private static MessageDigest digest(String name) {
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has " + name, e);
    }
  }
}
