package dev.homolog.analysis.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.InputException;
import dev.homolog.core.InputOption;
import dev.homolog.core.model.NeuronId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the page holds, against the tables that it was made from. */
class ReportTest {
  private static final PlantedRun PLANTED = PlantedRun.small();
  private static final Pattern PART =
      Pattern.compile("<script type=\"text/plain\" id=\"([^\"]*)\">([^<]*)</script>");

  /** Of so many rows that threads read a table. */
  private static final PlantedRun LARGE =
      new PlantedRun(2, 1600, List.of("b", "c"), 900, PlantedRun.HOSTILE);

  @TempDir private static Path shared;
  private static RunFolder large;

  @TempDir Path folder;

  @BeforeAll
  static void plant() {
    large = LARGE.everything(shared.resolve("run"), TableFormat.PARQUET);
  }

  /** A part of a page. */
  static JsonNode part(Path page, String id) throws IOException {
    Matcher matcher = PART.matcher(Files.readString(page));
    while (matcher.find()) {
      if (matcher.group(1).equals(id)) {
        byte[] bytes = Base64.getDecoder().decode(matcher.group(2));
        try (var in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
          return new ObjectMapper().readTree(in);
        }
      }
    }
    throw new AssertionError("no part " + id);
  }

  private static JsonNode card(Path page, JsonNode overview, int id) throws IOException {
    int block = overview.at("/cards/block").intValue();
    JsonNode ids = overview.at("/cards/ids");
    for (int i = 0; i < ids.size(); i++) {
      if (ids.get(i).intValue() == id) {
        ObjectNode card = JsonNodeFactory.instance.objectNode();
        JsonNode parts = part(page, "cards-" + i / block);
        for (String name : names(parts)) {
          if (!parts.get(name).get(i % block).isNull()) {
            card.set(name, parts.get(name).get(i % block));
          }
        }
        return card;
      }
    }
    throw new AssertionError("no card " + id);
  }

  @ParameterizedTest
  @EnumSource
  void columnsAreThoseOfTheTable(TableFormat format) throws Exception {
    RunFolder run = PLANTED.everything(folder.resolve("run"), format);
    Path page = Report.write(run);
    assertEquals(folder.resolve("run/report.html"), page);
    JsonNode overview = part(page, "overview");
    assertEquals(PLANTED.layers(), overview.at("/neurons/layers").intValue());
    assertEquals(PLANTED.width(), overview.at("/neurons/width").intValue());
    Table neurons = run.read("neurons");
    int compared = 0;
    for (JsonNode column : overview.at("/neurons/columns")) {
      String name = column.get("name").textValue();
      for (int id = 0; id < neurons.rows() && neurons.schema().containsKey(name); id++) {
        compared++;
        JsonNode value = column.get("values").path(id);
        switch (column.get("kind").textValue()) {
          case "number" -> {
            double expected = neurons.doubles(name).get(id);
            assertEquals(Double.isNaN(expected), value.isNull());
            if (!Double.isNaN(expected)) {
              assertEquals(expected, value.doubleValue(), Math.abs(expected) * 5.1e-3);
            }
          }
          case "flag" -> assertEquals(neurons.booleans(name).get(id), value.intValue() == 1);
          default ->
              assertEquals(
                  neurons.texts(name).get(id),
                  column.get("values").get(column.get("codes").get(id).intValue()).textValue());
        }
      }
    }
    // Left out are layer and neuron, which the place says, and twelve columns for the page's size.
    assertEquals((neurons.columns().size() - 14) * PLANTED.count(), compared);
    List<String> names = overview.at("/neurons/columns").findValuesAsText("name");
    assertEquals(names.stream().distinct().toList(), names);
    assertTrue(names.containsAll(List.of("role", "confirmed", "cohesion")), names::toString);
    assertEquals(
        List.of(
            "convergence",
            "histograms",
            "by_other",
            "all_but_one",
            "comparison",
            "entropy",
            "attention"),
        names(overview.get("tables")));
    assertEquals(8, overview.at("/tables/entropy/values/0").size());
  }

  @Test
  void countersAndCounterparts() throws Exception {
    Path page = Report.write(PLANTED.everything(folder.resolve("run"), TableFormat.PARQUET));
    JsonNode overview = part(page, "overview");
    JsonNode others = overview.get("others");
    assertEquals(PLANTED.others(), others.findValuesAsText("name"));
    for (JsonNode other : others) {
      assertEquals(-1, other.get("layer").get(0).intValue());
      assertTrue(other.get("r").get(0).isNull());
      for (int id = 1; id < PLANTED.count(); id++) {
        assertEquals(PLANTED.best(id) / PLANTED.width(), other.get("layer").get(id).intValue());
        assertEquals(PLANTED.best(id) % PLANTED.width(), other.get("neuron").get(id).intValue());
        assertEquals(0.8, other.get("r").get(id).doubleValue());
        assertEquals(1, other.get("mutual").get(id).intValue());
      }
    }
    List<Integer> models = new ArrayList<>();
    for (JsonNode column : overview.at("/neurons/columns")) {
      if (column.get("name").textValue().equals("homolog_models")) {
        column.get("values").forEach(value -> models.add(value.intValue()));
      }
    }
    assertEquals(
        IntStream.range(0, PLANTED.count())
            .mapToObj(id -> id % PLANTED.width() == PLANTED.width() - 1 ? 1 : 0)
            .toList(),
        models);
  }

  @ParameterizedTest
  @EnumSource
  void cardsHoldTheirTables(TableFormat format) throws Exception {
    RunFolder run = PLANTED.everything(folder.resolve("run"), format);
    Path page = Report.write(run);
    JsonNode overview = part(page, "overview");
    assertEquals(PLANTED.chosen(), overview.at("/cards/ids").size());
    int id = PLANTED.chosen(10);
    JsonNode card = card(page, overview, id);
    long counted = 0;
    Table bins = run.read("neuron_histograms");
    for (int row = 0; row < bins.rows(); row++) {
      if (bins.ints("layer").get(row) * PLANTED.width() + bins.ints("neuron").get(row) == id) {
        counted += bins.longs("count").get(row);
      }
    }
    long held = 0;
    for (JsonNode count : card.at("/histogram/counts")) {
      held += count.longValue();
    }
    assertEquals(counted, held);
    assertTrue(card.at("/histogram/counts").size() <= 32);
    assertEquals(10, card.get("tokens").size());
    for (int at = 0; at < 10; at++) {
      int word = Math.floorMod((id + at) * 31, PLANTED.words().size());
      assertEquals(PLANTED.words().get(word), card.get("tokens").get(at).get(0).textValue());
    }
    assertEquals(PlantedRun.WINDOWS, card.get("windows").size());
    assertEquals(21, card.at("/windows/1/texts").size());
    JsonNode strips = card.get("strips");
    assertEquals(1 + PLANTED.others().size(), strips.get("models").size());
    assertEquals(PlantedRun.MODEL, strips.at("/models/0/0").textValue());
    assertEquals(1 + PLANTED.others().size(), strips.at("/levels/1").size());
    double scale = strips.at("/scales/1/0").doubleValue();
    assertEquals(2.5, (strips.at("/levels/1/0").textValue().charAt(10) - 'P') * scale, 1e-9);
    assertEquals(List.of("in_in", "in_out", "out_in", "out_out"), names(card.get("neighbours")));
    assertEquals(3, card.at("/neighbours/out_out").size());
    for (String end : List.of("top", "bottom")) {
      assertEquals(10, card.get("tokens_U_out").get(end).size());
      assertEquals(6, card.get("tokens_E_in").get(end).size());
    }
    assertEquals(List.of("q", "k", "v", "o"), names(card.get("composition")));
    assertEquals(16, card.at("/positions/at").size());
    assertEquals(PLANTED.others().size(), card.get("matches").size());
    assertEquals(3, card.at("/matches/0").size());
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** With many models the later windows show the reference alone. */
  @Test
  void manyModelsFitIntoACard() throws Exception {
    List<String> others = IntStream.range(0, 9).mapToObj(i -> "step" + i).toList();
    PlantedRun many = new PlantedRun(2, 6, others, 4, List.of("x", "y"));
    Path page = Report.write(many.everything(folder.resolve("run"), TableFormat.PARQUET));
    JsonNode card = card(page, part(page, "overview"), many.chosen(0));
    List<Integer> strips = new ArrayList<>();
    card.at("/strips/levels").forEach(window -> strips.add(window.size()));
    assertEquals(List.of(10, 10, 1, 1, 1), strips);
  }

  @Test
  void halfASurrogatePairDoesNoHarm() throws Exception {
    RunFolder made = RunFolder.create(folder.resolve("run"));
    made.write(PLANTED.neurons(false), TableFormat.CSV);
    made.finish(new ObjectMapper().createObjectNode());
    Files.writeString(folder.resolve("run/study.json"), "{\"command\": \"\\ud800x\"}");
    Path page = Report.write(RunFolder.open(folder.resolve("run")));
    assertEquals("?x", part(page, "overview").at("/study/command").textValue());
  }

  @Test
  void runOfCorrelationsHasNoMoreThanThose() throws Exception {
    Path page = Report.write(PLANTED.correlations(folder.resolve("run"), TableFormat.CSV));
    JsonNode overview = part(page, "overview");
    assertEquals(0, overview.get("tables").size());
    assertEquals(0, overview.get("top_tokens").size());
    int best = overview.at("/cards/ids/0").intValue();
    assertEquals(PLANTED.count() - 1, best); // of the highest excess
    assertEquals(List.of("matches"), names(card(page, overview, best)));
  }

  @Test
  void namedNeuronsGetTheCards() throws Exception {
    RunFolder run = PLANTED.correlations(folder.resolve("run"), TableFormat.CSV);
    Path page = Report.write(run, NeuronId.parseList(InputOption.NEURONS, "2.39, L0.N7,1.3,2.39"));
    assertEquals("[119,7,43]", part(page, "overview").at("/cards/ids").toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "3", "1.2.3", "1.-2", "a.b", "1.2,", "1.99999999999"})
  void whatIsNoNeuronIsRefused(String names) {
    var refusal =
        assertThrows(InputException.class, () -> NeuronId.parseList(InputOption.NEURONS, names));
    assertEquals("--neurons", refusal.where());
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.0", "0.40"})
  void neuronOfNoReferenceIsRefused(String name) {
    RunFolder run = PLANTED.correlations(folder.resolve("run"), TableFormat.CSV);
    var refusal =
        assertThrows(
            InputException.class,
            () -> Report.write(run, NeuronId.parseList(InputOption.NEURONS, name)));
    assertEquals("--neurons", refusal.where());
    assertTrue(refusal.getMessage().contains("0 to 2"), refusal.getMessage());
    assertFalse(Files.exists(folder.resolve("run/report.html")));
  }

  @Test
  void damagedNeuronsAreRefused() {
    RunFolder made = RunFolder.create(folder.resolve("run"));
    made.write(
        Table.builder("neurons")
            .ints("layer", new int[] {0, 1})
            .ints("neuron", new int[] {1, 0})
            .build(),
        TableFormat.CSV);
    made.finish(new ObjectMapper().createObjectNode());
    RunFolder run = RunFolder.open(folder.resolve("run"));
    var refusal = assertThrows(InputException.class, () -> Report.write(run));
    assertTrue(refusal.getMessage().contains("neurons"), refusal.getMessage());
  }

  /** In any locale, and however often: threads of the reader do not show. */
  @ParameterizedTest
  @EnumSource
  void theSameFolderGivesTheSamePage(TableFormat format) throws IOException {
    RunFolder run =
        format == TableFormat.PARQUET ? large : PLANTED.everything(folder.resolve("run"), format);
    String page = Files.readString(Report.write(run));
    Locale before = Locale.getDefault();
    try {
      for (String tag : List.of("ar-EG", "tr-TR")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        assertTrue(page.equals(Files.readString(Report.write(run))), tag);
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  /** Positions begin with the first, and matches with the best, in files of any size. */
  @Test
  void rowsOfACardAreInOrder() throws IOException {
    Path page = Report.write(large);
    JsonNode overview = part(page, "overview");
    for (int i = 0; i < 900; i += 7) {
      JsonNode card = card(page, overview, LARGE.chosen(i));
      JsonNode at = card.at("/positions/at");
      for (int j = 0; j < at.size(); j++) {
        assertEquals(
            j * PlantedRun.POSITIONS / at.size(), at.get(j).intValue() - at.get(0).intValue());
      }
      for (JsonNode other : card.path("matches")) {
        for (int j = 1; j < other.size(); j++) {
          assertTrue(
              Integer.compareUnsigned(
                      other.get(j - 1).get(0).intValue(), other.get(j).get(0).intValue())
                  < 0);
        }
      }
    }
  }

  /** A run of another version may have columns that this one does not know. */
  @Test
  void columnsThatNobodyDeclaredAreHeld() throws Exception {
    RunFolder made = RunFolder.create(folder.resolve("run"));
    made.write(
        Table.builder("neurons")
            .ints("layer", new int[2])
            .ints("neuron", new int[] {0, 1})
            .doubles("glow", new double[] {0.12347, 2})
            .build(),
        TableFormat.CSV);
    made.write(
        Table.builder("by_other")
            .texts("other", new String[] {"b"})
            .doubles("glow", new double[] {0.12347})
            .build(),
        TableFormat.CSV);
    made.finish(new ObjectMapper().createObjectNode());
    JsonNode overview = part(Report.write(RunFolder.open(folder.resolve("run"))), "overview");
    JsonNode column = overview.at("/neurons/columns/0");
    assertEquals("glow", column.get("name").textValue());
    assertEquals(0.123, column.at("/values/0").doubleValue());
    assertEquals(0.1235, overview.at("/tables/by_other/glow/0").doubleValue());
    assertTrue(overview.at("/declared/neurons/glow").isMissingNode());
  }

  /** What stands outside the script and the style sheet is the template and base64 alone. */
  @Test
  void noTextOfTheRunIsInTheMarkup() throws Exception {
    Path page = Report.write(PLANTED.everything(folder.resolve("run"), TableFormat.PARQUET));
    String html = Files.readString(page);
    String rest =
        html.replaceAll("(?s)<script>.*?</script>", "").replaceAll("(?s)<style>.*?</style>", "");
    assertFalse(rest.contains("harm"), "hostile text in the markup");
    for (String text : PlantedRun.HOSTILE) {
      assertFalse(!text.isBlank() && rest.contains(text) && text.length() > 4, text);
    }
    assertEquals(
        PlantedRun.HOSTILE.getFirst(),
        part(page, "overview").at("/study/tokens/subsets/0").textValue());
  }

  /** The policy names the hashes of exactly the script and the style sheet that are there. */
  @Test
  void policyAllowsNothingElse() throws Exception {
    Path page = Report.write(PLANTED.correlations(folder.resolve("run"), TableFormat.CSV));
    String html = Files.readString(page);
    for (String tag : List.of("script", "style")) {
      Matcher inline = Pattern.compile("(?s)<%s>(.*?)</%s>".formatted(tag, tag)).matcher(html);
      assertTrue(inline.find());
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(inline.group(1).getBytes(StandardCharsets.UTF_8));
      String hash = Base64.getEncoder().encodeToString(digest);
      assertTrue(html.contains(tag + "-src 'sha256-" + hash + "'"), tag);
      assertFalse(inline.find(), "a second " + tag);
    }
    assertTrue(html.contains("default-src 'none'"));
    assertFalse(html.contains("unsafe"));
    assertFalse(Pattern.compile("(src|href)=\"(?!#)").matcher(html).find(), "a reference outside");
  }

  @Test
  void numbersHaveFewDigits() {
    Random random = new Random(11);
    for (int i = 0; i < 100_000; i++) {
      double value = random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
      checkRounded(value, Rounded.of(value, 4), 4);
      checkRounded(value, Rounded.brief(value), 3);
    }
    assertEquals(0, Rounded.of(0.0, 4).signum());
    assertEquals("12340", Rounded.of(12341, 4).toString());
    assertEquals("-0.1235", Rounded.of(-0.12345678, 4).toString());
    assertEquals(
        "5E-324", Rounded.of(Double.MIN_VALUE, 4).toString().replace("4.941E-324", "5E-324"));
    assertNull(Rounded.of(Double.NaN, 4));
    assertNull(Rounded.of(Double.NEGATIVE_INFINITY, 4));
  }

  /** The last digit may be the other one where the next is a 5 but for rounding. */
  private static void checkRounded(double value, BigDecimal rounded, int digits) {
    BigDecimal expected = new BigDecimal(value).round(new MathContext(digits));
    assertTrue(
        expected.subtract(rounded).abs().compareTo(expected.ulp()) <= 0
            && Math.abs(rounded.doubleValue() - value)
                <= Math.abs(value) * 0.5001 * Math.pow(10, 1 - digits),
        value + " " + rounded);
    assertTrue(rounded.precision() <= 2 * digits, rounded::toString);
  }
}
