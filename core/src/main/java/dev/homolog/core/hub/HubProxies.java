package dev.homolog.core.hub;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The proxies that {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code NO_PROXY} name, which Java
 * does not read. Where none is named, Java's own choice holds.
 */
final class HubProxies extends ProxySelector {
  private static final Pattern LOOPBACK = Pattern.compile("localhost|127\\.[\\d.]+|\\[::1]");

  private final Map<String, String> environment;

  private HubProxies(Map<String, String> environment) {
    this.environment = environment;
  }

  static ProxySelector ofEnvironment(Map<String, String> environment) {
    return new HubProxies(environment);
  }

  @Override
  public List<Proxy> select(URI uri) {
    Optional<URI> proxy =
        value(uri.getScheme() + "_proxy").or(() -> value("all_proxy")).flatMap(HubProxies::address);
    if (proxy.isEmpty()) {
      ProxySelector usual = ProxySelector.getDefault();
      return usual == null ? List.of(Proxy.NO_PROXY) : usual.select(uri);
    }
    int port = proxy.get().getPort() < 0 ? 80 : proxy.get().getPort();
    return isExcepted(uri.getHost().toLowerCase(Locale.ROOT))
        ? List.of(Proxy.NO_PROXY)
        : List.of(
            new Proxy(
                Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.get().getHost(), port)));
  }

  private Optional<String> value(String name) {
    return Optional.ofNullable(environment.get(name))
        .or(() -> Optional.ofNullable(environment.get(name.toUpperCase(Locale.ROOT))))
        .filter(value -> !value.isBlank());
  }

  private static Optional<URI> address(String text) {
    try {
      return Optional.of(URI.create(text.contains("://") ? text : "http://" + text))
          .filter(uri -> uri.getHost() != null);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // no address, so no proxy
    }
  }

  private boolean isExcepted(String host) {
    if (LOOPBACK.matcher(host).matches()) {
      return true; // what is on this machine, no proxy reaches
    }
    return Arrays.stream(value("no_proxy").orElse("").toLowerCase(Locale.ROOT).split(","))
        .map(String::strip)
        .map(name -> name.replaceFirst("^\\*?\\.", ""))
        .filter(name -> !name.isEmpty())
        .anyMatch(name -> name.equals("*") || host.equals(name) || host.endsWith("." + name));
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {
    // the failure itself says it
  }
}
