package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.TableFormat;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** What the page says and does, in Chromium. */
class ReportBrowserTest extends ReportPages {
  private static final List<String> SECTIONS =
      List.of("study", "correlations", "universal", "families", "percentiles", "roles", "neurons");

  @ParameterizedTest
  @ValueSource(strings = {"full", "bare", "weights"})
  void everySectionOpens(String name) {
    chromium.open(page(name), "");
    assertEquals(
        SECTIONS.stream().map(id -> "#" + id).toList(),
        chromium.all("nav a").stream().map(link -> link.getDomAttribute("href")).toList());
    for (String id : SECTIONS) {
      chromium.find("nav a[href='#" + id + "']").click();
      assertTrue(chromium.find("#" + id + " h2").isDisplayed(), id);
      assertTrue(chromium.find("#" + id).getText().lines().count() > 1, id + " is empty");
    }
    assertFalse(chromium.find("main").getText().contains("cannot be drawn"));
    assertEquals(0L, chromium.ask("return performance.getEntriesByType('resource').length"));
    for (WebElement drawing : chromium.all("svg")) {
      assertFalse(drawing.getDomAttribute("aria-label").isBlank());
      assertFalse(
          chromium.ask("return arguments[0].outerHTML", drawing).toString().contains("NaN"));
    }
  }

  @Test
  void whatARunLacksIsSaid() {
    chromium.open(bare, "");
    for (String id : List.of("study", "families", "roles")) {
      assertTrue(chromium.find("#" + id + " .absent").getText().contains("homolog study"), id);
    }
    chromium.open(full, "");
    assertEquals(
        List.of(), chromium.all("#study .absent, #families .absent, #percentiles .absent"));
  }

  @Test
  void saysWhatWasFound() {
    chromium.open(full, "");
    String lead = chromium.find("#study .lead").getText();
    assertTrue(lead.startsWith("3 neurons of 120 in model a (2.50 %) are universal"), lead);
    assertTrue(lead.contains("b and <i>c</i>"), lead);
    assertEquals("a", chromium.find("h1 bdi").getText());
  }

  @Test
  void estimatesAreSaidToBeSome(@TempDir Path folder) throws IOException {
    RunFolder run = PLANTED.correlations(folder.resolve("sketch"), TableFormat.CSV);
    Path study = run.path().resolve("study.json");
    String sketch = "{\"sketch\": {\"size\": 6400, \"seed\": 0, \"standard_error\": 0.0125},";
    Files.writeString(study, Files.readString(study).replaceFirst("\\{", sketch));
    chromium.open(Report.write(run), "");
    String lead = chromium.find("#study .lead").getText();
    assertTrue(lead.endsWith("Each correlation is estimated, ± 0.0125 at most."), lead);
    assertTrue(chromium.find("#study .absent").getText().contains("--method sketch"));
    String all = chromium.find("#study").getText();
    assertTrue(
        all.contains(
            "They are estimated from a sketch of 6,400: the standard error of a correlation r is"
                + " at most 0.0125 times 1 − r², that of an excess at most 0.0250."),
        all);
  }

  private static List<String> names() {
    return chromium.texts("#neuron-table tbody th");
  }

  private static void search(String text) {
    WebElement box = chromium.find("#search");
    box.clear();
    box.sendKeys(text, " ", Keys.BACK_SPACE);
  }

  private static String name(int id) {
    return "L" + id / PLANTED.width() + "." + id % PLANTED.width();
  }

  @Test
  void searches() {
    chromium.open(full, "");
    search("L1.17");
    assertEquals(List.of("L1.17"), names());
    search("l1.n17");
    assertEquals(List.of("L1.17"), names());
    search("layer=2 excess_corr>0.5");
    assertEquals(List.of("L2.39"), names());
    search("onerror");
    List<String> expected = new ArrayList<>();
    for (int id = 0; id < PLANTED.count(); id++) {
      boolean told =
          id % 4 == 2 // its family
              || id % PLANTED.width() == PlantedRoles.NEURON // its set of tokens
              || Math.floorMod(id * 31, PLANTED.words().size()) == 1
              || PLANTED.chosen() > id % PLANTED.width() * 3 + id / PLANTED.width()
                  && firesOn(id, 1);
      if (told) {
        expected.add(name(id));
      }
    }
    chromium.find("#page-size").sendKeys("500");
    assertEquals(expected.stream().sorted().toList(), names().stream().sorted().toList());
    search("no such token");
    assertEquals("No neuron is like that.", chromium.find("#neurons .status").getText());
    search("nonsense>1");
    assertTrue(
        chromium.find("#neurons .status").getText().startsWith("There is no column nonsense"));
  }

  /** Whether a word is among the six tokens that a planted neuron fires most on. */
  private static boolean firesOn(int id, int word) {
    for (int at = 0; at < 6; at++) {
      if (Math.floorMod((id + at) * 31, PLANTED.words().size()) == word) {
        return true;
      }
    }
    return false;
  }

  @Test
  void sortsAndTurnsPages() {
    chromium.open(full, "");
    assertEquals(25, names().size());
    assertEquals("L2.39", names().getFirst());
    // As the page has them: with three digits, and equal ones by name.
    List<Integer> ids = IntStream.range(1, PLANTED.count()).boxed().toList();
    Function<Integer, BigDecimal> kurtosis = id -> Rounded.brief(neurons.doubles("kurt").get(id));
    List<String> descending =
        ids.stream()
            .sorted(Comparator.comparing(kurtosis).reversed())
            .map(ReportBrowserTest::name)
            .toList();
    List<String> ascending =
        ids.stream().sorted(Comparator.comparing(kurtosis)).map(ReportBrowserTest::name).toList();
    head("kurt").click();
    assertEquals(descending.subList(0, 25), names());
    assertEquals("descending", ariaSort("kurt"));
    button("Next page").click();
    assertEquals(descending.subList(25, 50), names());
    head("kurt").sendKeys(Keys.ENTER);
    assertEquals("ascending", ariaSort("kurt"));
    assertEquals(ascending.subList(0, 25), names());
    assertEquals("kurt", chromium.ask("return document.activeElement.dataset.column"));
    chromium.find("#page-size").sendKeys("500");
    assertEquals("L0.0", names().getLast()); // which has no kurtosis
    assertFalse(button("Next page").isEnabled());
  }

  private static WebElement head(String column) {
    return chromium.find("#neuron-table [data-column='" + column + "']");
  }

  private static String ariaSort(String column) {
    return head(column).findElement(By.xpath("..")).getDomAttribute("aria-sort");
  }

  private static WebElement button(String text) {
    return chromium.all("button").stream()
        .filter(button -> button.getText().equals(text))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void filtersAndChoosesColumns() {
    chromium.open(full, "");
    chromium.find("#only-universal").click();
    assertEquals(List.of("L2.39", "L1.39", "L0.39"), names());
    chromium.find("#filter-layer").sendKeys("L1");
    assertEquals(List.of("L1.39"), names());
    chromium.find("#only-universal").click();
    assertTrue(chromium.find("#neurons .status").getText().startsWith("40 neurons"));
    chromium.find("#only-carded").click();
    assertTrue(chromium.find("#neurons .status").getText().startsWith("15 neurons"));
    assertEquals(List.of(), chromium.all("[data-column='input_bias']"));
    chromium.find(".chooser summary").click();
    chromium.all(".chooser label").stream()
        .filter(label -> label.getText().equals("bias"))
        .findFirst()
        .orElseThrow()
        .click();
    assertTrue(head("input_bias").isDisplayed());
  }

  @Test
  void thresholdIsTheReaders() {
    chromium.open(full, "");
    assertTrue(chromium.find("#universal output").getText().startsWith("0.50: 3 neurons"));
    chromium.ask(
        "const slider = document.getElementById('threshold'); slider.value = '0.3';"
            + " slider.dispatchEvent(new Event('input'))");
    int above = 0;
    for (double excess : neurons.doubles("excess_corr").toArray()) {
      above += excess > 0.3 ? 1 : 0;
    }
    String said = chromium.find("#universal output").getText();
    assertTrue(said.startsWith("0.30: " + above + " neurons"), said);
    assertTrue(said.contains("Not the study's threshold"), said);
    assertTrue(chromium.find("#universal").getText().contains("missing are <i>c</i> 3."));
    button("The study's: 0.5").click();
    assertTrue(chromium.find("#universal output").getText().startsWith("0.50: 3 neurons"));
  }

  @Test
  void addressesOpenNeurons() {
    chromium.open(full, "#L1.N7");
    assertEquals("Neuron L1.7", chromium.find("#neuron-name").getText());
    assertEquals(
        "neuron-name", chromium.ask("return document.activeElement.id"), "focus of a new card");
    chromium.find("#neuron .part table tbody tr td a[href]").click();
    chromium.await("return document.getElementById('neuron-name').textContent !== 'Neuron L1.7'");
    chromium.driver().navigate().back();
    chromium.await("return document.getElementById('neuron-name').textContent === 'Neuron L1.7'");
    search("L2.3");
    chromium.find("#neuron-table tbody a").click();
    chromium.await("return document.getElementById('neuron-name').textContent === 'Neuron L2.3'");
    assertEquals(true, chromium.ask("return location.hash === '#L2.N3'"));
    chromium.open(full, "#L9.N9");
    assertFalse(chromium.find("#neuron").isDisplayed());
    chromium.open(full, "#%E0%A4%A");
    assertFalse(chromium.find("#neuron").isDisplayed());
  }

  @Test
  void cardShowsWhatTheTablesHold() {
    int id = PLANTED.chosen(10);
    chromium.open(full, "#L%d.N%d".formatted(id / PLANTED.width(), id % PLANTED.width()));
    List<String> parts = chromium.texts("#neuron h3");
    assertEquals(
        List.of(
            "Where it is most active",
            "Against its layer",
            "Counterparts in each other model",
            "Activations",
            "Explanation",
            "Tokens it fires on",
            "Vocabulary it writes to",
            "Tokens it reads",
            "Position in the row",
            "Subsets of the text",
            "Nearest neighbours by weight",
            "Attention heads it works with"),
        parts);
    double excess = neurons.doubles("excess_corr").get(id);
    WebElement first = chromium.find("#neuron .part table tbody tr td");
    assertEquals(excess, Double.parseDouble(first.getText()), 5e-4);
    int below = 0;
    int from = id - id % PLANTED.width();
    int all = 0;
    for (int i = from; i < from + PLANTED.width(); i++) {
      double other = neurons.doubles("excess_corr").get(i);
      if (!Double.isNaN(other)) {
        all++;
        below += other < excess ? 2 : other == excess ? 1 : 0;
      }
    }
    assertEquals(
        Math.round(500.0 * below / all) / 10.0,
        Double.parseDouble(chromium.texts("#neuron .part table tbody tr td").get(1)),
        0.11);
    assertEquals(PlantedRun.WINDOWS, chromium.all("#neuron .window").size());
    assertEquals(PlantedRun.WINDOWS * (1 + PLANTED.others().size()), chromium.all(".strip").size());
    assertEquals(21, chromium.all(".strip:first-of-type .active").size() / PlantedRun.WINDOWS);
  }

  /** The last neuron of each layer, of the family none, is the one with homologs. */
  @Test
  void familiesOfHomologsAreCompared() {
    chromium.open(full, "");
    String families = chromium.find("#families").getText();
    assertTrue(families.contains("none 30 3 10.0 %"), families);
    assertTrue(families.contains(" 67 %"), families);
  }

  @Test
  void rolesAreShownAndNamedOnTheCard() {
    chromium.open(full, "");
    String roles = chromium.find("#roles").getText();
    for (String part :
        List.of(
            "Roles by layer",
            "Entropy, entropy candidates",
            "Loss, frequency candidates",
            "Of 6 candidates that were set to fixed activations, 3 neurons set the entropy",
            "Candidates for entropy",
            "Candidates for token frequency",
            "in 2 heads",
            "L1.3, head 2.0")) {
      assertTrue(roles.contains(part), part);
    }
    chromium.open(full, "#L1.N3");
    String badges = chromium.find("#neuron .badges").getText();
    for (String badge :
        List.of("prediction of <img src=x", "sets the entropy", "turns head 2.0 off")) {
      assertTrue(badges.contains(badge), badges);
    }
  }

  @Test
  void neuronWithoutACardHasItsRow() {
    chromium.open(full, "#L2.N39");
    assertEquals("Neuron L2.39", chromium.find("#neuron-name").getText());
    assertTrue(chromium.find("#neuron .absent").getText().contains("--neurons 2.39"));
    assertTrue(chromium.find("#neuron .badges").getText().contains("homologs in 1 of 2 models"));
    assertEquals(
        List.of("Against its layer", "Counterparts in each other model"),
        chromium.texts("#neuron h3"));
  }

  @Test
  void hostileTextStaysText() {
    chromium.open(full, "#L0.N3");
    chromium.find("#values").click();
    assertEquals(true, chromium.ask("return window.harm === undefined"));
    assertEquals(0, chromium.all("main img, main script, main i").size());
    String text = chromium.find("main").getText();
    assertTrue(text.contains("<img src=x onerror=\"window.harm=2\">"));
    assertTrue(text.contains("</script><script>window.harm=1</script>"));
    assertTrue(text.contains("line\\u2028separator\\u2029"));
    assertTrue(text.contains("\\u202eright to left\\u202c"));
    assertTrue(text.contains("nul\\u0000byte"));
    assertTrue(text.contains("&lt;b&gt;"));
    assertEquals(
        -1L, chromium.ask("return document.body.textContent.search(/[\\u202a-\\u202e\\u0000]/)"));
    assertEquals(
        "refused",
        chromium.ask(
            "try { document.body.innerHTML += '<b>'; return 'taken'; } catch { return 'refused'; }"));
    chromium.driver().manage().logs().get("browser"); // which tells of the refusal
  }
}
