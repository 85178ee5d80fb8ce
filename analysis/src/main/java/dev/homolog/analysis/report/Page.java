package dev.homolog.analysis.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The template filled in. Its policy allows only the one script and the one style sheet, by their
 * hashes. No text can become markup, script or style.
 */
final class Page {
  /** Before the sections' scripts, which use what stands in these. */
  private static final List<String> FIRST =
      List.of("dom.js", "data.js", "charts.js", "columns.js", "sections.js");

  private static final List<String> LAST = List.of("browser.js", "card.js", "main.js");

  private Page() {}

  /**
   * The page.
   *
   * @param parts base64 by the id of its element, of letters, digits and hyphens
   */
  static String of(Map<String, String> parts) {
    StringBuilder script = new StringBuilder("\"use strict\";\n(() => {\n");
    Stream.of(FIRST.stream(), Section.ALL.stream().map(Section::script), LAST.stream())
        .flatMap(names -> names)
        .forEach(name -> script.append(resource(name)).append('\n'));
    script.append("})();\n");
    String style = resource("report.css");
    StringBuilder data = new StringBuilder();
    parts.forEach((id, base64) ->
        data.append(String.format(Locale.ROOT, "<script type=\"text/plain\" id=\"%s\">", id))
            .append(base64)
            .append("</script>\n"));
    String policy =
        String.format(
            Locale.ROOT,
            "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'",
            hash(script.toString()),
            hash(style));
    return fill(
        resource("report.html"),
        Map.of("policy", policy, "style", style, "data", data.toString(), "script", script + ""));
  }

  /** Replaces {@code @name@}, in one pass, so that inserted text is not replaced again. */
  private static String fill(String template, Map<String, String> values) {
    StringBuilder page = new StringBuilder();
    int copied = 0;
    for (int start = template.indexOf('@'); start >= 0; start = template.indexOf('@', copied)) {
      int end = template.indexOf('@', start + 1);
      page.append(template, copied, start).append(values.get(template.substring(start + 1, end)));
      copied = end + 1;
    }
    return page.append(template, copied, template.length()).toString();
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every JVM has it
    }
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
