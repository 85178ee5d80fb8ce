package dev.homolog.core.hub;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.HubCache;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks the hub for one model's files. Redirects are followed here, not by Java, so that the token
 * goes to the hub alone: a large file lies on another host, whose address is signed. Any thread.
 */
final class HubClient implements AutoCloseable {
  private static final int MAX_REDIRECTS = 10;
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-.*");

  private final HubSettings settings;
  private final HubCache.Name model;
  private final HubOrigin hub;
  private final HttpClient client;

  HubClient(HubSettings settings, HubCache.Name model) {
    this.settings = settings;
    this.model = model;
    this.hub = HubOrigin.of(settings.endpoint()).orElseThrow();
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.timing().answer())
            .proxy(HubProxies.ofEnvironment(System.getenv()))
            .build();
  }

  /**
   * What the hub knows of a file.
   *
   * @param revision a branch, a tag or a commit
   * @return empty if the model has no such file
   * @throws InputException if the hub refuses, or says nothing that can be used
   * @throws IOException if the hub cannot be reached
   */
  Optional<RemoteFile> look(String revision, String name) throws IOException, InterruptedException {
    URI address =
        URI.create(settings.page(model) + "/resolve/" + quoted(revision) + "/" + quoted(name));
    HttpResponse<?> response = answered(address);
    int status = response.statusCode();
    HttpHeaders headers = response.headers();
    if (status == 404 && isAbsent(headers)) {
      return Optional.empty();
    }
    if (status >= 400) {
      throw HubRefusal.of(settings, model, revision, response);
    }
    String commit = headers.firstValue("X-Repo-Commit").orElse("");
    Optional<FileHash> hash =
        headers
            .firstValue("X-Linked-Etag")
            .or(() -> headers.firstValue("ETag"))
            .flatMap(FileHash::ofTag);
    if (!COMMIT.matcher(commit).matches() || hash.isEmpty()) {
      throw new InputException(
          address.toString(),
          "",
          "the answer has no commit or no hash, so it is not from a hub of Hugging Face",
          "check HF_ENDPOINT and the proxy");
    }
    OptionalLong size = size(headers.firstValue("X-Linked-Size"));
    if (size.isEmpty() && status == 200 && headers.firstValue("Content-Encoding").isEmpty()) {
      size = size(headers.firstValue("Content-Length"));
    }
    URI fixed = URI.create(settings.page(model) + "/resolve/" + commit + "/" + quoted(name));
    return Optional.of(new RemoteFile(name, commit, hash.get(), size, fixed));
  }

  /** A missing file, not a missing model or revision. */
  private static boolean isAbsent(HttpHeaders headers) {
    String code = headers.firstValue("X-Error-Code").orElse("EntryNotFound");
    return code.equals("EntryNotFound");
  }

  private static OptionalLong size(Optional<String> text) {
    return text.map(String::strip)
        .filter(number -> number.matches("\\d{1,15}"))
        .map(number -> OptionalLong.of(Long.parseLong(number)))
        .orElse(OptionalLong.empty());
  }

  /** The answer to HEAD; on a redirect that describes the file itself, that redirect. */
  private HttpResponse<?> answered(URI address) throws IOException, InterruptedException {
    URI at = address;
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      HttpRequest.Builder head = request(at).HEAD();
      HttpResponse<?> response = patiently(head.build());
      Optional<URI> next = next(at, response);
      if (next.isEmpty() || describes(response.headers(), next.get())) {
        return response;
      }
      at = next.get();
    }
    throw redirects(address);
  }

  /** On the hub itself a redirect's own tag is that of the redirect. */
  private boolean describes(HttpHeaders headers, URI next) {
    boolean leaves = HubOrigin.of(next).filter(hub::equals).isEmpty();
    return headers.firstValue("X-Repo-Commit").isPresent()
        && (headers.firstValue("X-Linked-Etag").isPresent()
            || leaves && headers.firstValue("ETag").isPresent());
  }

  /** Asks again where the hub is busy or the line breaks. */
  private HttpResponse<?> patiently(HttpRequest request) throws IOException, InterruptedException {
    HubSettings.Timing timing = settings.timing();
    for (int attempt = 1; ; attempt++) {
      boolean last = attempt >= timing.attempts();
      try {
        HttpResponse<?> response =
            sent(request, BodyHandlers.discarding(), new AtomicLong(), timing.answer());
        if (last || !isPassing(response.statusCode())) {
          return response;
        }
      } catch (IOException e) {
        if (last) {
          throw e;
        }
      }
      pause(attempt);
    }
  }

  /** Whether a status may be another one in a moment. */
  private static boolean isPassing(int status) {
    return status == 408 || status == 429 || status >= 500;
  }

  /** Waits before another attempt, the longer the more there were. */
  void pause(int attempt) throws InterruptedException {
    Thread.sleep(settings.timing().pause().multipliedBy(1L << Math.min(attempt - 1, 4)));
  }

  /**
   * Fetches a file from a byte on, and writes it at the channel's position.
   *
   * @param from the first byte that is wanted; if the server sends the whole file all the same, the
   *     channel begins anew
   * @param limit the size that the file may have in all
   * @param there counts the bytes of the file that are there
   * @throws FileReceiver.TooLongException if the file goes on beyond the limit
   * @throws FileReceiver.WriteException if the disk fails
   * @throws IOException if the line breaks
   */
  void fetch(RemoteFile file, FileChannel channel, long limit, AtomicLong there)
      throws IOException, InterruptedException {
    long from = there.get();
    URI at = file.address();
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      HttpRequest.Builder get = request(at).GET();
      if (from > 0) {
        get.header("Range", "bytes=" + from + "-");
      }
      HttpResponse<Boolean> response =
          sent(get.build(), body(channel, limit, there), there, settings.timing().stall());
      int status = response.statusCode();
      Optional<URI> next = next(at, response);
      if (next.isEmpty()) {
        if (status == 416) {
          throw new FileReceiver.TooLongException();
        }
        if (isPassing(status)) {
          throw new IOException("the server answers " + status);
        }
        if (status != 200 && status != 206) {
          throw HubRefusal.of(settings, model, file.commit(), response);
        }
        return;
      }
      at = next.get();
    }
    throw redirects(file.address());
  }

  private static BodyHandler<Boolean> body(FileChannel channel, long limit, AtomicLong there) {
    return info -> {
      try {
        if (info.statusCode() == 200 && there.get() > 0) {
          channel.truncate(0).position(0); // the server knows no ranges
          there.set(0);
        }
        if (info.statusCode() == 200 || info.statusCode() == 206) {
          return begins(info) == there.get()
              ? new FileReceiver(channel, limit, there)
              : failed(new IOException("the server sends another part than was asked for"));
        }
        return BodySubscribers.replacing(false);
      } catch (IOException e) {
        return failed(new FileReceiver.WriteException(e));
      }
    };
  }

  private static long begins(HttpResponse.ResponseInfo info) {
    Matcher range = RANGE.matcher(info.headers().firstValue("Content-Range").orElse(""));
    return info.statusCode() == 200 ? 0 : range.matches() ? Long.parseLong(range.group(1)) : -1;
  }

  private static HttpResponse.BodySubscriber<Boolean> failed(IOException failure) {
    return BodySubscribers.mapping(
        BodySubscribers.discarding(),
        _ -> {
          throw new FailedBody(failure);
        });
  }

  private static final class FailedBody extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FailedBody(IOException cause) {
      super(cause);
    }
  }

  private HttpRequest.Builder request(URI address) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .header("User-Agent", "homolog")
            .header("Accept-Encoding", "identity");
    if (HubOrigin.of(address).filter(hub::equals).isPresent()) {
      settings
          .token()
          .ifPresent(token -> request.header("Authorization", "Bearer " + token.secret()));
    }
    return request;
  }

  /** Where a redirect leads; empty for any other answer. */
  private Optional<URI> next(URI at, HttpResponse<?> response) throws IOException {
    int status = response.statusCode();
    Optional<String> location = response.headers().firstValue("Location");
    if (status < 301 || status > 308 || status == 304 || location.isEmpty()) {
      return Optional.empty();
    }
    try {
      URI next = at.resolve(location.get());
      Optional<HubOrigin> origin = HubOrigin.of(next);
      boolean weaker =
          HubOrigin.of(at).filter(HubOrigin::isSecure).isPresent()
              && !origin.filter(HubOrigin::isSecure).isPresent();
      if (origin.isPresent() && !weaker) {
        return Optional.of(next);
      }
    } catch (IllegalArgumentException e) {
      // refused below
    }
    throw new InputException(
        at.toString(),
        "",
        "is redirected to what is no safe address of a file",
        "check HF_ENDPOINT and the proxy");
  }

  private InputException redirects(URI address) {
    return new InputException(
        address.toString(),
        "",
        "is redirected more than " + MAX_REDIRECTS + " times",
        "check HF_ENDPOINT and the proxy");
  }

  /** Sends, and gives up when so long no byte has come. */
  private <T> HttpResponse<T> sent(
      HttpRequest request, BodyHandler<T> body, AtomicLong bytes, Duration silence)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<T>> answer = client.sendAsync(request, body);
    long seen = bytes.get();
    long since = System.nanoTime();
    while (true) {
      try {
        return answer.get(200, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (bytes.get() != seen) {
          seen = bytes.get();
          since = System.nanoTime();
        } else if (System.nanoTime() - since > silence.toNanos()) {
          answer.cancel(true);
          throw new IOException("nothing came for " + silence.toSeconds() + " s", e);
        }
      } catch (InterruptedException e) {
        answer.cancel(true);
        throw e;
      } catch (ExecutionException e) {
        throw cause(e);
      }
    }
  }

  private static IOException cause(ExecutionException e) {
    Throwable cause = e.getCause();
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof FileReceiver.TooLongException || t instanceof FileReceiver.WriteException) {
        return (IOException) t;
      }
    }
    return cause instanceof IOException broken
        ? broken
        : new IOException(cause.getMessage() == null ? "the line broke" : cause.getMessage(), e);
  }

  /** In the path of an address; a slash of a branch's name is quoted too. */
  private static String quoted(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public void close() {
    client.shutdownNow();
    client.close();
  }
}
