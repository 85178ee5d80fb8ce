package dev.homolog.core.hub;

import dev.homolog.bindings.files.UserFolders;
import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.HubCache;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Where models come from and go to, as the variables of {@code huggingface_hub} say. */
public final class HubSettings {
  /** The public hub, where {@code HF_ENDPOINT} names no other. */
  private static final String PUBLIC_HUB = "https://huggingface.co";

  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

  private final URI endpoint;
  private final Path cache;
  private final Optional<HubToken> token;
  private final boolean offline;
  private final Timing timing;

  private HubSettings(
      URI endpoint, Path cache, Optional<HubToken> token, boolean offline, Timing timing) {
    this.endpoint = endpoint;
    this.cache = cache;
    this.token = token;
    this.offline = offline;
    this.timing = timing;
  }

  /**
   * How long to wait.
   *
   * @param answer for the headers of an answer
   * @param stall for the next bytes of a file
   * @param pause before the second attempt; it doubles with each
   * @param attempts without a new byte, after which a file is given up
   */
  record Timing(Duration answer, Duration stall, Duration pause, int attempts) {}

  /**
   * Those of this user: {@code HF_ENDPOINT}, the cache's and the token's variables, {@code
   * HF_HUB_OFFLINE} or {@code TRANSFORMERS_OFFLINE}, {@code HF_HUB_ETAG_TIMEOUT}, {@code
   * HF_HUB_DOWNLOAD_TIMEOUT}.
   *
   * @throws InputException if one cannot be used
   */
  public static HubSettings ofProcess() {
    return of(UserFolders.ofProcess());
  }

  static HubSettings of(UserFolders user) {
    return new HubSettings(
        endpoint(user.variable("HF_ENDPOINT").orElse(PUBLIC_HUB).strip()),
        HubCache.of(user).path().toAbsolutePath(),
        HubToken.of(user),
        isTrue(user, "HF_HUB_OFFLINE") || isTrue(user, "TRANSFORMERS_OFFLINE"),
        new Timing(
            seconds(user, "HF_HUB_ETAG_TIMEOUT", 10),
            seconds(user, "HF_HUB_DOWNLOAD_TIMEOUT", 30),
            Duration.ofSeconds(1),
            5));
  }

  /** The same, of which only the cache is looked at if that is said here or there. */
  public HubSettings withOffline(boolean also) {
    return new HubSettings(endpoint, cache, token, offline || also, timing);
  }

  /** The same with other waits. */
  HubSettings withTiming(Timing other) {
    return new HubSettings(endpoint, cache, token, offline, other);
  }

  /** The hub, without a slash at its end. */
  URI endpoint() {
    return endpoint;
  }

  /** The folder of the cache. */
  Path cache() {
    return cache;
  }

  /** Who asks. */
  Optional<HubToken> token() {
    return token;
  }

  /** Whether only the cache is looked at. */
  public boolean offline() {
    return offline;
  }

  /** How long to wait. */
  Timing timing() {
    return timing;
  }

  /** The page of a model, where access is asked for. */
  String page(HubCache.Name name) {
    return endpoint + "/" + name.model();
  }

  static boolean isTrue(UserFolders user, String variable) {
    return TRUE.contains(user.variable(variable).orElse("").toUpperCase(Locale.ROOT));
  }

  private static URI endpoint(String text) {
    String plain = text.replaceAll("/+$", "");
    try {
      URI uri = URI.create(plain);
      if (HubOrigin.of(uri).isPresent() && uri.getRawQuery() == null && uri.getFragment() == null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // refused below
    }
    throw new InputException(
        "HF_ENDPOINT", "", "\"" + text + "\" is no address of a hub", "give http(s)://HOST[:PORT]");
  }

  private static Duration seconds(UserFolders user, String variable, int usual) {
    String text = user.variable(variable).orElse("" + usual).strip();
    if (!text.matches("[1-9]\\d{0,5}")) {
      throw new InputException(
          variable, "", "\"" + text + "\" is no number of seconds", "give a number above 0");
    }
    return Duration.ofSeconds(Integer.parseInt(text));
  }
}
