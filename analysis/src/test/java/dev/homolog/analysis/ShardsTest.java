package dev.homolog.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.homolog.analysis.correlation.Baseline;
import dev.homolog.analysis.input.TokenInput;
import dev.homolog.analysis.plan.Resources;
import dev.homolog.analysis.run.RunFolder;
import dev.homolog.analysis.shard.Shard;
import dev.homolog.analysis.shard.ShardResult;
import dev.homolog.analysis.table.Column;
import dev.homolog.analysis.table.Table;
import dev.homolog.analysis.table.TableFormat;
import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardsTest {
  private static final Path FAMILY = Path.of(System.getProperty("homolog.testResources"));
  @TempDir Path folder;

  private StudyOptions options(int m, int rows, int batch) throws IOException {
    Path a = RandomModels.write(folder.resolve("a"), m, 1);
    Path b = RandomModels.write(folder.resolve("b"), m, 2);
    Path c = RandomModels.write(folder.resolve("c"), m, 3);
    TokenInput text = TokenInput.text(FAMILY.resolve("validation.jsonl.zst")).withMaxTokens(32L * rows);
    return StudyOptions.of(a, List.of(b, c), text).withBatchRows(batch).withTop(3);
  }

  @Test
  void probe() throws IOException {
    StudyOptions o = options(20, 60, 4).withAllPairs(true).withBySubset(true);
    try (Kernels kernels = Backend.VECTOR.open(1).kernels()) {
      long t = System.nanoTime();
      try (Study study = Study.open(o).withRowsAPass(15);
          RunFolder run = RunFolder.create(folder.resolve("whole"))) {
        study.run(kernels, RunListener.NONE).write(run, TableFormat.CSV);
      }
      System.out.println("whole " + (System.nanoTime() - t) / 1e9);
      for (int n : new int[] {1, 2, 7}) {
        t = System.nanoTime();
        List<Path> shards = new ArrayList<>();
        for (int i = 1; i <= n; i++) {
          Path out = folder.resolve("s" + n + "-" + i);
          shards.add(out);
          try (var study = Study.open(o).withRowsAPass(15).ofShard(new Shard(i, n), out.resolve("state"));
              RunFolder run = RunFolder.create(out)) {
            ShardResult r = study.run(kernels, RunListener.NONE);
            r.write(run);
            System.out.println(r + " " + r.facts().plan().passes());
          }
        }
        System.out.println("shards " + (System.nanoTime() - t) / 1e9);
        t = System.nanoTime();
        Collections.shuffle(shards, new Random(5));
        try (RunFolder run = RunFolder.create(folder.resolve("merged" + n))) {
          Study.merge(shards, Resources.OF_THE_MACHINE, kernels, RunListener.NONE).write(run, TableFormat.CSV);
        }
        System.out.println("merge " + (System.nanoTime() - t) / 1e9);
        compare(folder.resolve("whole"), folder.resolve("merged" + n));
      }
    }
  }

  static void compare(Path one, Path two) throws IOException {
    try (var files = Files.newDirectoryStream(one, "*.csv")) {
      for (Path file : files) {
        Table x = Table.read(file);
        Table y = Table.read(two.resolve(file.getFileName()));
        StringBuilder s = new StringBuilder(file.getFileName() + " rows " + x.rows() + " " + y.rows());
        for (int c = 0; c < x.columns().size(); c++) {
          double worst = 0;
          int differ = 0;
          for (int r = 0; r < Math.min(x.rows(), y.rows()); r++) {
            Object p = value(x.columns().get(c), r);
            Object q = value(y.columns().get(c), r);
            if (p instanceof Double d && q instanceof Double e) {
              if (!(Double.isNaN(d) && Double.isNaN(e))) {
                double v = Math.abs(d - e) / Math.max(1, Math.abs(d));
                if (!(v <= worst)) worst = v;
              }
            } else if (!java.util.Objects.deepEquals(p, q)) differ++;
          }
          if (worst > 0 || differ > 0) s.append(" | " + x.columns().get(c).name() + " " + worst + " " + differ);
        }
        System.out.println(s);
      }
    }
  }

  static Object value(Column column, int row) {
    return switch (column) {
      case Column.Ints c -> c.get(row);
      case Column.Longs c -> c.get(row);
      case Column.Doubles c -> c.get(row);
      case Column.Booleans c -> c.get(row);
      case Column.Texts c -> c.get(row);
      case Column.Lists<?> c -> c.get(row);
    };
  }
}
