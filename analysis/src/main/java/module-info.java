/**
 * Correlation, statistics, weights, explanations, roles and interventions, the neuron table and the
 * report.
 */
module dev.homolog.analysis {
  requires static jdk.incubator.vector;
  requires transitive dev.homolog.core;
  requires java.sql;
  requires duckdb.jdbc;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.csv;
}
