package dev.homolog.analysis.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.csv.CsvFactory;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.core.HomologException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;

/** A distribution without DuckDB: the same classes in a class loader that lacks it. */
class WithoutDuckDbTest {
  @TempDir Path folder;

  /** What runs inside the loader. */
  public static final class Inside {
    private Inside() {}

    public static void write(String folder, String format) {
      Table table = Table.builder("t").ints("a", new int[] {1}).build();
      try (RunFolder run = RunFolder.create(Path.of(folder))) {
        run.write(table, TableFormat.parse(format));
        run.finish(Map.of());
      }
    }

    public static void read(String file) {
      assertEquals(1, Table.read(Path.of(file)).rows());
    }

    public static void require() {
      TableFormat.PARQUET.require();
    }
  }

  /** Gives the JDK's classes and those of its own files; its parent knows every module there is. */
  private static final class Alone extends URLClassLoader {
    Alone(URL[] urls) {
      super(urls, ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("java.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? findClass(name) : loaded;
      }
    }
  }

  @Test
  void csvWorksAndParquetSaysWhatToDo() throws Exception {
    Class<?>[] there = {
      Inside.class,
      Table.class,
      HomologException.class,
      ObjectMapper.class,
      JsonFactory.class,
      JsonProperty.class,
      CsvFactory.class,
      Assertions.class,
      AssertionFailedError.class,
    };
    URL[] urls =
        Stream.of(there)
            .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
            .distinct()
            .toArray(URL[]::new);
    try (var loader = new Alone(urls)) {
      Class<?> inside = loader.loadClass(Inside.class.getName());
      var write = inside.getMethod("write", String.class, String.class);
      Path csv = folder.resolve("csv");
      write.invoke(null, csv.toString(), "csv");
      assertEquals("a\n1\n", Files.readString(csv.resolve("t.csv")));
      inside.getMethod("read", String.class).invoke(null, csv.resolve("t.csv").toString());

      Path parquet = folder.resolve("parquet");
      assertRefused(() -> write.invoke(null, parquet.toString(), "parquet"));
      assertFalse(Files.exists(parquet));
      assertRefused(() -> inside.getMethod("require").invoke(null));
    }
  }

  private static void assertRefused(Executable call) {
    Throwable e = assertThrows(InvocationTargetException.class, call).getCause();
    assertEquals(HomologException.class.getName(), e.getClass().getName());
    String message = e.getMessage();
    assertTrue(message.startsWith("Parquet needs DuckDB's JDBC driver (duckdb_jdbc), "), message);
    assertTrue(message.endsWith("; install it, or write tables with --format csv"), message);
    assertEquals(1, message.lines().count());
  }
}
