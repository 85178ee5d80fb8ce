package dev.homolog.cli;

import picocli.CommandLine.Option;

/** Whether links in folders of models and runs may lead out of them. */
final class LinksFlag {
  @Option(
      names = "--follow-links",
      description =
          "follow links of folders that are read wherever they lead, such as into the cache of DVC"
              + " or git-annex (default: only within the folder)")
  private boolean followLinks;

  boolean followLinks() {
    return followLinks;
  }
}
