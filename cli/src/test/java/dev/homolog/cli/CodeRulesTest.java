package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import dev.homolog.analysis.Study;
import dev.homolog.analysis.StudyOptions;
import dev.homolog.analysis.correlation.BaselineMeasurement;
import dev.homolog.analysis.measure.Measurement;
import dev.homolog.bindings.Torch;
import dev.homolog.core.Brief;
import dev.homolog.core.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What no code of ours calls, and what its results do. */
class CodeRulesTest {
  /** Calls that write digits or letters as the user's locale has them. */
  private static final Set<String> BY_LOCALE =
      Set.of(
          "java.lang.String.formatted([Ljava.lang.Object;)",
          "java.lang.String.format(java.lang.String, [Ljava.lang.Object;)",
          "java.lang.String.toLowerCase()",
          "java.lang.String.toUpperCase()",
          "java.io.PrintStream.printf(java.lang.String, [Ljava.lang.Object;)",
          "java.io.PrintStream.format(java.lang.String, [Ljava.lang.Object;)",
          "java.io.PrintWriter.printf(java.lang.String, [Ljava.lang.Object;)",
          "java.io.PrintWriter.format(java.lang.String, [Ljava.lang.Object;)",
          "java.text.NumberFormat.getInstance()",
          "java.text.NumberFormat.getIntegerInstance()",
          "java.text.NumberFormat.getPercentInstance()");

  private static final Set<String> CONTAINERS =
      Set.of(
          "java.util.List",
          "java.util.Set",
          "java.util.Map",
          "java.util.SequencedMap",
          "java.util.BitSet",
          "java.util.Collection",
          "java.lang.Iterable");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .importLocations(
              Stream.of(Torch.class, InputException.class, Study.class, Main.class)
                  .map(
                      type -> Location.of(type.getProtectionDomain().getCodeSource().getLocation()))
                  .collect(Collectors.toSet()));

  @Test
  void classFilesAreRead() {
    assertTrue(CLASSES.contain(Torch.class) && CLASSES.contain(Main.class));
    assertTrue(CLASSES.contain(InputException.class) && CLASSES.contain(Study.class));
  }

  /** In Arabic, Persian or Thai, %d is no number of SQL, JSON or CSV, nor of an English message. */
  @Test
  void nothingIsWrittenAsTheLocaleHasIt() {
    List<String> calls = new ArrayList<>();
    for (JavaClass type : CLASSES) {
      if (!type.getPackageName().startsWith("dev.homolog.bindings.gen")) {
        type.getMethodCallsFromSelf().stream()
            .filter(call -> BY_LOCALE.contains(call.getTarget().getFullName()))
            .forEach(
                call -> calls.add(call.getSourceCodeLocation() + " " + call.getTarget().getName()));
      }
    }
    assertEquals("", String.join("\n", calls.stream().sorted().toList()), "give Locale.ROOT");
  }

  /** What a pass leaves with a measurement would be lost at a stop. */
  @Test
  void whatIsReducedIsSavedToo() {
    List<String> unsaved = new ArrayList<>();
    for (JavaClass type : CLASSES) {
      if (type.isAssignableTo(Measurement.class) && declares(type, "reduce", "batch")) {
        // The baseline keeps what it finds with the correlations.
        boolean saved = declares(type, "save") && declares(type, "restore");
        if (!saved && !type.isEquivalentTo(BaselineMeasurement.class)) {
          unsaved.add(type.getSimpleName());
        }
      }
    }
    assertEquals(List.of(), unsaved, "override save and restore");
  }

  private static boolean declares(JavaClass type, String... names) {
    return !type.isInterface()
        && type.getMethods().stream().anyMatch(method -> List.of(names).contains(method.getName()));
  }

  /** A record that holds a list of all neurons would print them all. */
  @Test
  void resultsPrintInALine() {
    assertTrue(isLarge(CLASSES.get(StudyOptions.class)));
    List<String> tooLong = new ArrayList<>();
    for (JavaClass type : CLASSES) {
      if (type.getPackageName().startsWith("dev.homolog.analysis")
          && isVisible(type)
          && isLarge(type)
          && type.getMethod("toString").getMethodCallsFromSelf().stream()
              .noneMatch(call -> call.getTargetOwner().isEquivalentTo(Brief.class))) {
        tooLong.add(type.getFullName());
      }
    }
    assertEquals("", String.join("\n", tooLong.stream().sorted().toList()), "print it by Brief");
  }

  private static boolean isVisible(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && (type.getEnclosingClass().isEmpty() || isVisible(type.getEnclosingClass().get()));
  }

  /** A record with a component of any number of elements, or that has such a record. */
  private static boolean isLarge(JavaClass type) {
    return type.isRecord()
        && type.getFields().stream()
            .filter(field -> !field.getModifiers().contains(JavaModifier.STATIC))
            .anyMatch(CodeRulesTest::isLarge);
  }

  private static boolean isLarge(JavaField field) {
    JavaClass raw = field.getRawType();
    boolean optional = raw.getName().equals("java.util.Optional");
    return raw.isArray()
        || CONTAINERS.contains(raw.getName())
        || (optional
            ? field.getType().getAllInvolvedRawTypes().stream()
                .filter(inner -> !inner.equals(raw))
                .anyMatch(CodeRulesTest::isLarge)
            : isLarge(raw));
  }
}
