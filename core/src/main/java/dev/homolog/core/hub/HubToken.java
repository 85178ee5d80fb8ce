package dev.homolog.core.hub;

import dev.homolog.bindings.files.UserFolders;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.HubCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The user's token, which the hub is told who asks by.
 *
 * @param source the variable or file that it comes from, for messages; the token is in none
 */
record HubToken(String secret, String source) {
  private static final int MAX_BYTES = 64 << 10;

  @Override
  public String toString() {
    return "the token of " + source;
  }

  /**
   * {@code HF_TOKEN}, else {@code HUGGING_FACE_HUB_TOKEN}, else the file {@code HF_TOKEN_PATH},
   * else {@code HF_HOME/token}. None with {@code HF_HUB_DISABLE_IMPLICIT_TOKEN}.
   */
  static Optional<HubToken> of(UserFolders user) {
    if (HubSettings.isTrue(user, "HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
      return Optional.empty();
    }
    for (String variable : List.of("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")) {
      Optional<String> value = user.variable(variable);
      if (value.isPresent()) {
        return Optional.of(checked(value.get(), variable));
      }
    }
    Optional<Path> named = user.variable("HF_TOKEN_PATH").map(user::expand);
    return named.isEmpty() && user.variable("HF_HOME").isEmpty() && user.caches().isEmpty()
        ? Optional.empty()
        : ofFile(named.orElseGet(() -> HubCache.huggingFaceHome(user).resolve("token")));
  }

  private static Optional<HubToken> ofFile(Path file) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
        return Optional.empty();
      }
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      return text.isBlank() ? Optional.empty() : Optional.of(checked(text, file.toString()));
    } catch (IOException e) {
      throw new InputException(
          file.toString(), "", "cannot be read", "check its permissions, or set HF_TOKEN", e);
    }
  }

  /** A header holds no line breaks, and nothing but visible ASCII. */
  private static HubToken checked(String text, String source) {
    String secret = text.strip();
    if (!secret.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new InputException(
          source,
          "",
          "holds no token: tokens have no spaces and no special characters",
          "copy the token again");
    }
    return new HubToken(secret, source);
  }
}
