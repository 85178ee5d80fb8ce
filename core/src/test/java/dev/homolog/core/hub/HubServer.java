package dev.homolog.core.hub;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A hub on loopback that misbehaves as it is told. Large files may lie on another such server, as
 * with the real one. Each connection is one request.
 */
final class HubServer implements AutoCloseable {
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /** A request: method, path, and headers in lower case. */
  record Request(String method, String path, Map<String, String> headers) {
    String file() {
      return path.substring(path.lastIndexOf('/') + 1);
    }

    @Override
    public String toString() {
      return method + " " + file();
    }
  }

  private final ServerSocket socket;
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final Map<String, String> tags = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> breaks = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();

  /** Bytes after which a break comes. */
  volatile int breakAfter = 1000;

  /** Breaks are silences in place of ends. */
  volatile boolean stalls;

  /** Added to the size that is named. */
  volatile int sizeError;

  volatile boolean ranges = true;
  volatile boolean sizes = true;
  volatile String commit = COMMIT;

  /** What every request is refused with, such as "401 GatedRepo". */
  volatile String refusal = "";

  /** The token without which all is refused. */
  volatile String token = "";

  /** Whether files lie at another address of this server. */
  volatile boolean moved;

  /** Where files above 1,000 bytes lie. */
  volatile String elsewhere = "";

  HubServer() throws IOException {
    socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(() -> {
          while (!socket.isClosed()) {
            try {
              Socket connection = socket.accept();
              Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException e) {
              return; // closed
            }
          }
        });
  }

  String address() {
    return "http://127.0.0.1:" + socket.getLocalPort();
  }

  HubServer file(String name, byte[] bytes) {
    files.put(name, bytes);
    return this;
  }

  /** The hash that is named in place of the right one. */
  HubServer tag(String name, String hash) {
    tags.put(name, hash);
    return this;
  }

  HubServer breaks(String name, int times) {
    breaks.put(name, new AtomicInteger(times));
    return this;
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  List<String> gets() {
    return requests.stream()
        .filter(request -> request.method.equals("GET"))
        .map(Request::file)
        .sorted()
        .toList();
  }

  private void serve(Socket connection) {
    try (connection) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
      String[] first = String.valueOf(in.readLine()).split(" ");
      Map<String, String> headers = new TreeMap<>();
      for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
        int colon = line.indexOf(':');
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      }
      if (first.length > 1) {
        Request request = new Request(first[0], first[1], headers);
        requests.add(request);
        answer(request, connection.getOutputStream());
      }
    } catch (IOException e) {
      // the other side went away
    }
  }

  private void answer(Request request, OutputStream out) throws IOException {
    String refused = refusal;
    if (!token.isEmpty() && !("Bearer " + token).equals(request.headers.get("authorization"))) {
      refused = "401 GatedRepo";
    }
    if (moved && !request.path().startsWith("/cache/")) {
      String there = "Location: /cache/" + request.file();
      head(out, "307", List.of("X-Repo-Commit: " + commit, "ETag: W/\"a1\"", there), 0);
      return;
    }
    byte[] bytes = files.get(request.file());
    if (refused.isEmpty() && bytes == null) {
      refused = "404 EntryNotFound";
    }
    if (!refused.isEmpty()) {
      String[] parts = refused.split(" ");
      head(out, parts[0], parts.length > 1 ? List.of("X-Error-Code: " + parts[1]) : List.of(), 0);
      return;
    }
    List<String> more = new ArrayList<>();
    more.add("X-Repo-Commit: " + commit);
    boolean large = bytes.length > 1000;
    String hash = tags.getOrDefault(request.file(), large ? sha256(bytes) : gitSha1(bytes));
    more.add((large ? "X-Linked-Etag: \"" : "ETag: \"") + hash + '"');
    if (large && sizes) {
      more.add("X-Linked-Size: " + (bytes.length + sizeError));
    }
    if (large && !elsewhere.isEmpty()) {
      more.add("Location: " + elsewhere + "/signed/" + request.file());
      head(out, "302", more, 0);
    } else if (request.method.equals("HEAD")) {
      head(out, "200", more, sizes ? bytes.length : -1);
    } else {
      body(request, bytes, more, out);
    }
  }

  private void body(Request request, byte[] bytes, List<String> more, OutputStream out)
      throws IOException {
    int from = 0;
    String range = request.headers.get("range");
    if (ranges && range != null) {
      from = Integer.parseInt(range.replaceAll("\\D", ""));
      if (from >= bytes.length) {
        head(out, "416", more, 0);
        return;
      }
      more.add("Content-Range: bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
    }
    byte[] part = Arrays.copyOfRange(bytes, from, bytes.length);
    head(out, from > 0 ? "206" : "200", more, sizes ? part.length : -1);
    AtomicInteger left = breaks.getOrDefault(request.file(), new AtomicInteger());
    if (part.length > breakAfter && left.getAndDecrement() > 0) {
      out.write(part, 0, breakAfter);
      out.flush();
      if (stalls) {
        pause();
      }
    } else {
      out.write(part);
    }
    out.flush();
  }

  private static void pause() {
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void head(OutputStream out, String status, List<String> more, long length)
      throws IOException {
    StringBuilder text = new StringBuilder("HTTP/1.1 " + status + " x\r\nConnection: close\r\n");
    more.forEach(line -> text.append(line).append("\r\n"));
    if (length >= 0) {
      text.append("Content-Length: ").append(length).append("\r\n");
    }
    out.write(text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  static String sha256(byte[] bytes) {
    return hex("SHA-256", new byte[0], bytes);
  }

  /** As {@code git hash-object} has it. */
  static String gitSha1(byte[] bytes) {
    return hex("SHA-1", ("blob " + bytes.length + "\0").getBytes(StandardCharsets.UTF_8), bytes);
  }

  private static String hex(String name, byte[] before, byte[] bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance(name);
      digest.update(before);
      return HexFormat.of().formatHex(digest.digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
