/**
 * The page that a finished run is looked at with: {@code report.html}, one file that asks nothing
 * of the network. {@link dev.homolog.analysis.report.Report} reads a run folder, packs what it
 * holds as JSON and puts it into a template, whose HTML, CSS and JavaScript lie beside this package
 * as resources.
 */
package dev.homolog.analysis.report;
