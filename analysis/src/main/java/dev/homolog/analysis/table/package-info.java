/**
 * Tables in memory and the folder a run leaves behind.
 *
 * <p>A {@link dev.homolog.analysis.table.Table} is a set of named, typed columns of equal length. A
 * {@link dev.homolog.analysis.run.RunFolder} writes tables (Parquet or CSV), JSON and text; a file
 * is either absent or complete. It marks a run as finished by writing {@code study.json} last.
 * Parquet needs DuckDB's JDBC driver. Nothing else here uses it, so a distribution without it works
 * with CSV.
 */
package dev.homolog.analysis.table;
