package dev.homolog.analysis.input;

import dev.homolog.core.checkpoint.HubCache;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What models are called in results. */
public final class ModelNames {
  private ModelNames() {}

  /**
   * The name on the hub of a folder in its cache, else the last folder name of each path. Where two
   * would be equal, the whole path; where one folder is given twice, a number follows.
   */
  public static List<String> of(List<Path> folders) {
    List<String> shorts = folders.stream().map(ModelNames::shortName).toList();
    List<String> names = new ArrayList<>();
    Set<String> usedNames = new HashSet<>();
    for (int i = 0; i < folders.size(); i++) {
      String plain = shorts.get(i);
      boolean alone = Collections.frequency(shorts, plain) == 1;
      String name = alone ? plain : folders.get(i).toString();
      int number = 1;
      String distinct = name;
      while (!usedNames.add(distinct)) {
        distinct = name + " (" + ++number + ")";
      }
      names.add(distinct);
    }
    return names;
  }

  private static String shortName(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return HubCache.name(folder).orElse(last == null ? folder.toString() : last.toString());
  }
}
