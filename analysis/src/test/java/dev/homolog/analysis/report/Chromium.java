package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;

/**
 * A Chromium without a window that has a report open. The browser and its driver are those of the
 * machine; where they are absent the tests are skipped, unless {@code -Dhomolog.browser=required}.
 */
final class Chromium implements AutoCloseable {
  private static final List<String> BROWSERS =
      List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
  private static final List<String> DRIVERS =
      List.of("/usr/bin/chromedriver", "/usr/lib/chromium-browser/chromedriver");

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(20);

  /** It warns of every browser that is newer than it. */
  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  private final ChromeDriver driver;

  private Chromium(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Starts it. */
  static Chromium start() {
    Optional<File> browser = first(BROWSERS);
    Optional<File> service = first(DRIVERS);
    if (browser.isEmpty() || service.isEmpty()) {
      String absent = "Chromium and its driver are not installed (chromium, chromium-driver)";
      if ("required".equals(System.getProperty("homolog.browser"))) {
        throw new AssertionError(absent);
      }
      return abort(absent);
    }
    SELENIUM.setLevel(Level.SEVERE);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(browser.get());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--window-size=1280,900");
    options.setCapability("goog:loggingPrefs", Map.of(LogType.BROWSER, "ALL"));
    ChromeDriverService driver =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(service.get())
            .usingAnyFreePort()
            .withSilent(true)
            .build();
    ChromeDriver opened = new ChromeDriver(driver, options);
    // On a busy machine axe takes longer than the driver's half a minute.
    opened.manage().timeouts().scriptTimeout(Duration.ofMinutes(3));
    return new Chromium(opened);
  }

  private static Optional<File> first(List<String> files) {
    return files.stream().map(Path::of).filter(Files::isExecutable).map(Path::toFile).findFirst();
  }

  ChromeDriver driver() {
    return driver;
  }

  /**
   * Opens a page at an address within it ({@code #L1.N7} or nothing) and waits until it is drawn.
   */
  void open(Path page, String address) {
    driver.get("about:blank");
    driver.get(page.toUri() + address);
    await("return document.documentElement.dataset.ready === 'yes'");
  }

  /** Waits until a script gives true. */
  void await(String script) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Boolean.TRUE.equals(driver.executeScript(script))) {
      if (System.nanoTime() > end) {
        throw new AssertionError("never true: " + script);
      }
      LockSupport.parkNanos(POLL.toNanos());
    }
  }

  /** What a script gives. */
  Object ask(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  WebElement find(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  List<WebElement> all(String selector) {
    return driver.findElements(By.cssSelector(selector));
  }

  List<String> texts(String selector) {
    return all(selector).stream().map(WebElement::getText).toList();
  }

  /** The width of the screen in pixels of the page. */
  void width(int pixels) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", pixels, "height", 900, "deviceScaleFactor", 1, "mobile", pixels < 600));
  }

  /** What the system says of colours, {@code light} or {@code dark}, and what the page is for. */
  void media(String type, String scheme) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "media",
            type,
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  /** Fails if the console has any entry since it was last asked. */
  void assertQuiet() {
    assertEquals(
        List.of(),
        driver.manage().logs().get(LogType.BROWSER).getAll().stream()
            .map(Object::toString)
            .toList());
  }

  @Override
  public void close() {
    driver.quit();
  }
}
