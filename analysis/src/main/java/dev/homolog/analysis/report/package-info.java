/**
 * The page that shows a finished run: {@code report.html}, one file that needs no network. {@link
 * dev.homolog.analysis.report.Report} reads a run folder, packs its tables as JSON and puts them
 * into a template. The template's HTML, CSS and JavaScript are resources of this package.
 */
package dev.homolog.analysis.report;
