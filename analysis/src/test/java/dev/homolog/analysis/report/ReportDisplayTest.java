package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.deque.html.axecore.results.Results;
import com.deque.html.axecore.selenium.AxeBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** How the page looks, prints and is reached by keyboard, in Chromium. */
class ReportDisplayTest extends ReportPages {
  /** The stronger a token's activation, the further its colour is from the page's. */
  @ParameterizedTest
  @ValueSource(strings = {"light", "dark"})
  void tokensAreColouredByActivation(String scheme) {
    chromium.media("screen", scheme);
    chromium.open(full, "#L1.N7");
    @SuppressWarnings("unchecked") // what the script gives
    List<List<Number>> pairs =
        (List<List<Number>>)
            chromium.ask(
                """
                const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
                const colour = (text) => {
                  canvas.fillStyle = text;
                  canvas.fillRect(0, 0, 1, 1);
                  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
                };
                const paper = colour(getComputedStyle(document.body).backgroundColor);
                return [...document.querySelectorAll(".window:first-of-type .strip:first-of-type .active")].map((token) => [
                  Number(token.querySelector(".amount").textContent.replace("−", "-")),
                  Math.hypot(...colour(getComputedStyle(token).backgroundColor).map((c, i) => c - paper[i])),
                ]);
                """);
    pairs = new ArrayList<>(pairs);
    pairs.sort((a, b) -> Double.compare(a.get(0).doubleValue(), b.get(0).doubleValue()));
    assertEquals(5.0, pairs.getLast().get(0).doubleValue(), 0.01);
    assertTrue(pairs.getLast().get(1).doubleValue() > 90, pairs::toString);
    assertTrue(pairs.getFirst().get(0).doubleValue() <= 0, pairs::toString);
    assertEquals(0, pairs.getFirst().get(1).doubleValue(), 3);
    for (int i = 1; i < pairs.size(); i++) {
      assertTrue(
          pairs.get(i).get(1).doubleValue() >= pairs.get(i - 1).get(1).doubleValue() - 3,
          pairs::toString);
    }
    List<WebElement> peak = chromium.all(".window:first-of-type .strip:first-of-type strong");
    assertEquals(1, peak.size());
    assertTrue(
        peak.getFirst().getDomAttribute("title").endsWith("5.00")
            || peak.getFirst().getDomAttribute("title").endsWith(": 5"));
  }

  @Test
  void darkIsTheSystemsOrTheReaders() {
    chromium.media("screen", "dark");
    chromium.open(full, "");
    assertTrue(brightness("backgroundColor") < 60);
    assertTrue(brightness("color") > 200);
    WebElement button = chromium.find("#theme");
    button.click(); // light
    assertTrue(brightness("backgroundColor") > 200);
    chromium.media("screen", "light");
    button.click(); // dark
    assertTrue(brightness("backgroundColor") < 60);
    assertEquals("Colours: dark", button.getText());
    button.click(); // as the system has it
    assertTrue(brightness("backgroundColor") > 200);
    assertNull(chromium.find("html").getDomAttribute("data-theme"));
  }

  private static double brightness(String of) {
    return ((Number)
            chromium.ask(
                "const c = getComputedStyle(document.body)[arguments[0]].match(/[0-9.]+/g).map(Number);"
                    + " return (c[0] + c[1] + c[2]) / 3",
                of))
        .doubleValue();
  }

  @ParameterizedTest
  @CsvSource({"full,360", "full,768", "bare,360"})
  void narrowScreensScrollDownOnly(String name, int width) {
    chromium.width(width);
    chromium.open(page(name), "#L1.N7");
    assertEquals(
        (long) width, chromium.ask("return document.documentElement.scrollWidth"), "page's width");
    assertEquals(
        List.of(),
        chromium.ask(
            """
            return [...document.querySelectorAll("main *")].filter((element) => {
              const box = element.getBoundingClientRect();
              return box.width > 0 && box.right > innerWidth + 1 && !element.closest(".scroller, .unseen");
            }).map((element) => element.outerHTML.slice(0, 120))
            """));
  }

  @ParameterizedTest
  @CsvSource({
    "full,light,1280,all",
    "full,dark,1280,colours",
    "full,light,360,all but colours",
    "bare,light,1280,all",
    "weights,dark,1280,all"
  })
  void axeFindsNoSeriousFault(String name, String scheme, int width, String rules) {
    chromium.width(width);
    chromium.media("screen", scheme);
    chromium.open(page(name), "#L1.N7");
    chromium.ask("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
    AxeBuilder axe = new AxeBuilder().setTimeout(300); // seconds, on a busy machine
    switch (rules) {
      case "colours" -> axe.withRules(List.of("color-contrast", "link-in-text-block"));
      case "all but colours" -> axe.disableRules(List.of("color-contrast"));
      default -> {}
    }
    Results results = axe.analyze(chromium.driver());
    assertNull(results.getErrorMessage());
    assertFalse(results.getPasses().isEmpty());
    assertEquals(
        List.of(),
        results.getViolations().stream()
            .filter(rule -> List.of("serious", "critical").contains(rule.getImpact()))
            .map(rule -> rule.getId() + ": " + rule.getNodes().getFirst().getHtml())
            .toList());
  }

  @Test
  void keyboardReachesEverything() {
    chromium.open(full, "");
    chromium.find("body").sendKeys(Keys.TAB);
    assertEquals("skip", chromium.ask("return document.activeElement.className"));
    chromium.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
    assertEquals("main", chromium.ask("return document.activeElement.id"));
    assertEquals(
        0L,
        chromium.ask(
            """
            return [...document.querySelectorAll("a, button, input, select, summary, .scroller")]
                .filter((element) => element.tabIndex < 0).length
            """));
  }

  @Test
  void printsWithoutControlsInLightColours() {
    chromium.open(full, "#L1.N7");
    chromium.find("#theme").click();
    chromium.find("#theme").click(); // dark
    chromium.media("print", "dark");
    assertTrue(brightness("backgroundColor") > 200);
    assertFalse(chromium.find(".top").isDisplayed());
    assertFalse(chromium.find("#search").isDisplayed());
    assertTrue(chromium.find("#neuron-name").isDisplayed());
    Object pdf = chromium.driver().executeCdpCommand("Page.printToPDF", Map.of()).get("data");
    assertTrue(pdf.toString().startsWith("JVBER"), "no PDF");
  }
}
