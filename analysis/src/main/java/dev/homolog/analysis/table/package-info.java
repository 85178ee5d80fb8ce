/**
 * Tables in memory, how their columns are declared, and their files.
 *
 * <p>A {@link dev.homolog.analysis.table.Table} is a set of named, typed columns of equal length. A
 * {@link dev.homolog.analysis.table.TableSpec} declares its columns once, for the tables, for the
 * report and for the definitions. Parquet needs DuckDB's JDBC driver. Nothing else here uses it, so
 * a distribution without it works with CSV.
 */
package dev.homolog.analysis.table;
