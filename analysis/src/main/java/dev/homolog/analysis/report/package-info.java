/**
 * The page that a finished run is looked at with: {@code report.html}, one file that asks nothing
 * of the network. {@link dev.homolog.analysis.report.Report} reads a run folder, packs its tables
 * as JSON and puts them into a template. The template's HTML, CSS and JavaScript are resources of
 * this package.
 */
package dev.homolog.analysis.report;
