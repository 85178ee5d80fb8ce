package dev.homolog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** The rules of the source tree: what refers to what, how long files are, what is public. */
class StructureTest {
  private static final Path ROOT = Path.of(System.getProperty("homolog.testResources")).getParent();
  private static final List<String> MODULES = List.of("bindings", "core", "analysis", "cli");

  private static final int LONGEST_FILE = 500;
  private static final int LONGEST_METHOD = 60;
  private static final int FILES_OF_ANALYSIS = 12;

  /** Folders that are not searched for sources. */
  private static final Set<String> SKIPPED = Set.of("target", "runs", ".git");

  private static final JavaClasses CLASSES =
      new ClassFileImporter().importPaths(MODULES.stream().map(StructureTest::classes).toList());

  private static Path classes(String module) {
    return ROOT.resolve(module).resolve("target/classes");
  }

  @Test
  void classFilesAreRead() {
    assertTrue(CLASSES.contain(Main.class));
    assertTrue(CLASSES.size() > 300, () -> CLASSES.size() + " classes");
  }

  @Test
  void circlesAreFound() {
    Map<String, Map<String, String>> edges =
        Map.of(
            "a", Map.of("b", ""),
            "b", Map.of("c", "", "d", ""),
            "c", Map.of("a", ""),
            "d", Map.of("e", ""),
            "f", Map.of("g", ""),
            "g", Map.of("f", "", "a", ""));
    assertEquals(Set.of(Set.of("a", "b", "c"), Set.of("f", "g")), Set.copyOf(circles(edges)));
  }

  @Test
  void noPackagesReferToEachOtherInACircle() {
    noCircles(JavaClass::getPackageName, circle -> true);
  }

  @Test
  void noCircleOfTypesSpansPackages() {
    noCircles(
        type -> outermost(type).getFullName(),
        circle ->
            circle.stream().map(name -> CLASSES.get(name).getPackageName()).distinct().count() > 1);
  }

  @Test
  void theRootOfAnalysisIsSmall() throws IOException {
    try (Stream<Path> files =
        Files.list(ROOT.resolve("analysis/src/main/java/dev/homolog/analysis"))) {
      List<String> names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".java"))
              .sorted()
              .toList();
      assertTrue(names.size() <= FILES_OF_ANALYSIS, () -> names.size() + " files: " + names);
    }
  }

  @Test
  void noFileIsTooLong() throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (Path file : sources()) {
      int lines = Files.readAllLines(file).size();
      if (lines > LONGEST_FILE) {
        tooLong.add(ROOT.relativize(file) + ": " + lines + " lines");
      }
    }
    none(tooLong);
  }

  @Test
  void noMethodIsTooLong() throws IOException {
    List<String> tooLong = new ArrayList<>();
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      var options = List.of("-proc:none");
      var units = files.getJavaFileObjectsFromPaths(sources());
      var task = (JavacTask) compiler.getTask(null, files, null, options, null, units);
      SourcePositions positions = Trees.instance(task).getSourcePositions();
      for (CompilationUnitTree unit : task.parse()) {
        new TreePathScanner<Void, Void>() {
          @Override
          public Void visitMethod(MethodTree method, Void unused) {
            long start = positions.getStartPosition(unit, method);
            long end = positions.getEndPosition(unit, method);
            var lineMap = unit.getLineMap();
            long lines = start < 0 ? 0 : lineMap.getLineNumber(end) - lineMap.getLineNumber(start);
            if (lines + 1 > LONGEST_METHOD) {
              Path file = ROOT.relativize(Path.of(unit.getSourceFile().toUri()));
              tooLong.add(file + ": " + method.getName() + ", " + (lines + 1) + " lines");
            }
            return super.visitMethod(method, null);
          }
        }.scan(unit, null);
      }
    }
    none(tooLong);
  }

  @Test
  void exportedPackagesAreDescribed() throws IOException {
    List<String> undescribed = new ArrayList<>();
    for (String module : MODULES) {
      for (ModuleDescriptor.Exports exported : descriptor(module).exports()) {
        Path folder =
            ROOT.resolve(module)
                .resolve("src/main/java")
                .resolve(exported.source().replace('.', '/'));
        if (!Files.exists(folder.resolve("package-info.java"))) {
          undescribed.add(exported.source());
        }
      }
    }
    none(undescribed);
  }

  /** What is exported to our own modules alone may name them. */
  @Test
  void noTypeOfJacksonIsInASignatureOfTheInterface() throws IOException {
    Set<String> packages = new TreeSet<>();
    for (String module : MODULES) {
      descriptor(module).exports().stream()
          .filter(exported -> !exported.isQualified())
          .forEach(exported -> packages.add(exported.source()));
    }
    List<String> offenders = new ArrayList<>();
    for (JavaClass type : CLASSES) {
      if (packages.contains(type.getPackageName()) && isVisible(type)) {
        if (namesJackson(supertypes(type))) {
          offenders.add(type.getFullName() + " extends or implements");
        }
        type.getMembers().stream()
            .filter(StructureTest::isVisible)
            .filter(member -> namesJackson(types(member)))
            .forEach(member -> offenders.add(member.getFullName()));
      }
    }
    none(offenders);
  }

  // ---- what the rules are made of ----

  private static void none(List<String> offenders) {
    assertEquals("", String.join("\n", offenders.stream().sorted().toList()));
  }

  /** Java sources of ours, but for kernels and generated bindings, which may be long. */
  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    Deque<Path> folders = new ArrayDeque<>(List.of(ROOT));
    while (!folders.isEmpty()) {
      try (Stream<Path> entries = Files.list(folders.pop())) {
        for (Path entry : entries.sorted().toList()) {
          String name = entry.getFileName().toString();
          if (Files.isDirectory(entry)) {
            if (!SKIPPED.contains(name)
                && !entry.endsWith("dev/homolog/core/kernels")
                && !entry.endsWith("dev/homolog/bindings/gen")) {
              folders.push(entry);
            }
          } else if (name.endsWith(".java")) {
            sources.add(entry);
          }
        }
      }
    }
    return sources;
  }

  private static ModuleDescriptor descriptor(String module) throws IOException {
    try (InputStream in = Files.newInputStream(classes(module).resolve("module-info.class"))) {
      return ModuleDescriptor.read(in);
    }
  }

  private static JavaClass outermost(JavaClass type) {
    JavaClass outer = type;
    while (outer.getEnclosingClass().isPresent()) {
      outer = outer.getEnclosingClass().get();
    }
    return outer;
  }

  private static boolean isVisible(JavaClass type) {
    return isOpen(type.getModifiers())
        && (type.getEnclosingClass().isEmpty() || isVisible(type.getEnclosingClass().get()));
  }

  private static boolean isVisible(JavaMember member) {
    return isOpen(member.getModifiers());
  }

  private static boolean isOpen(Set<JavaModifier> modifiers) {
    return !modifiers.contains(JavaModifier.SYNTHETIC)
        && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
  }

  private static List<JavaType> supertypes(JavaClass type) {
    List<JavaType> types = new ArrayList<>(type.getInterfaces());
    type.getSuperclass().ifPresent(types::add);
    return types;
  }

  private static List<JavaType> types(JavaMember member) {
    return switch (member) {
      case JavaField field -> List.of(field.getType());
      case JavaCodeUnit code -> {
        List<JavaType> types = new ArrayList<>(code.getParameterTypes());
        types.add(code.getReturnType());
        types.addAll(code.getExceptionTypes());
        yield types;
      }
      default -> List.of();
    };
  }

  private static boolean namesJackson(List<JavaType> types) {
    return types.stream()
        .flatMap(type -> type.getAllInvolvedRawTypes().stream())
        .anyMatch(type -> type.getPackageName().startsWith("com.fasterxml.jackson"));
  }

  // ---- circles ----

  /** Fails with every circle of the graph, and for each step of it a place in the code. */
  private static void noCircles(
      Function<JavaClass, String> node, Predicate<Set<String>> forbidden) {
    Map<String, Map<String, String>> edges = new TreeMap<>();
    for (JavaClass type : CLASSES) {
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (CLASSES.contain(target.getFullName())) {
          String from = node.apply(type);
          String to = node.apply(target);
          if (!from.equals(to)) {
            edges
                .computeIfAbsent(from, name -> new TreeMap<>())
                .putIfAbsent(to, dependency.getDescription());
          }
        }
      }
    }
    List<String> circles = new ArrayList<>();
    for (Set<String> circle : circles(edges)) {
      if (forbidden.test(circle)) {
        StringBuilder text = new StringBuilder(circle.toString());
        for (String from : circle) {
          edges.get(from).entrySet().stream()
              .filter(edge -> circle.contains(edge.getKey()))
              .forEach(edge -> text.append("\n  ").append(edge.getValue()));
        }
        circles.add(text.toString());
      }
    }
    none(circles);
  }

  /** Groups of two or more nodes that all reach each other. */
  private static List<Set<String>> circles(Map<String, Map<String, String>> edges) {
    Map<String, Set<String>> reached = new HashMap<>();
    edges.keySet().forEach(name -> reached.put(name, reachable(name, edges)));
    List<Set<String>> circles = new ArrayList<>();
    Set<String> seen = new TreeSet<>();
    for (String name : edges.keySet()) {
      if (seen.add(name)) {
        Set<String> circle = new TreeSet<>(Set.of(name));
        for (String other : reached.get(name)) {
          if (reached.getOrDefault(other, Set.of()).contains(name)) {
            circle.add(other);
          }
        }
        seen.addAll(circle);
        if (circle.size() > 1) {
          circles.add(circle);
        }
      }
    }
    return circles;
  }

  private static Set<String> reachable(String start, Map<String, Map<String, String>> edges) {
    Set<String> reached = new TreeSet<>();
    Deque<String> next = new ArrayDeque<>(List.of(start));
    while (!next.isEmpty()) {
      for (String name : edges.getOrDefault(next.pop(), Map.of()).keySet()) {
        if (reached.add(name)) {
          next.push(name);
        }
      }
    }
    return reached;
  }
}
