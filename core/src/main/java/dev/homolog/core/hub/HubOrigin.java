package dev.homolog.core.hub;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * Who serves an address. A token is for one origin; host, port and scheme all count.
 *
 * @param scheme {@code http} or {@code https}
 * @param host in lower case
 * @param port also where the address leaves it out
 */
record HubOrigin(String scheme, String host, int port) {
  /** Empty for what is no address of a web server. */
  static Optional<HubOrigin> of(URI uri) {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (uri.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
      return Optional.empty();
    }
    int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("http") ? 80 : 443;
    return Optional.of(new HubOrigin(scheme, uri.getHost().toLowerCase(Locale.ROOT), port));
  }

  boolean isSecure() {
    return scheme.equals("https");
  }
}
