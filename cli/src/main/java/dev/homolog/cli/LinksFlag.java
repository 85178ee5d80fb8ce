package dev.homolog.cli;

import picocli.CommandLine.Option;

/** Whether links in models' folders may lead out of them. */
final class LinksFlag {
  @Option(
      names = "--follow-links",
      description =
          "follow links of models' folders wherever they lead, such as into the cache of DVC or"
              + " git-annex (default: only within the folder)")
  private boolean followLinks;

  boolean followLinks() {
    return followLinks;
  }
}
