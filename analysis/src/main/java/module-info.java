/**
 * Correlation, statistics, weights, explanations, roles and interventions, the neuron table and the
 * report.
 */
module dev.homolog.analysis {
  requires transitive dev.homolog.core;
  requires java.sql;
  requires jdk.management;
  requires org.apache.commons.statistics.distribution;
  requires org.apache.opennlp.tools;
  requires static duckdb.jdbc;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.csv;

  exports dev.homolog.analysis;
  exports dev.homolog.analysis.closeup;
  exports dev.homolog.analysis.contrast;
  exports dev.homolog.analysis.correlation;
  exports dev.homolog.analysis.explanation;
  exports dev.homolog.analysis.input;
  exports dev.homolog.analysis.lineage;
  exports dev.homolog.analysis.measure;
  exports dev.homolog.analysis.passes;
  exports dev.homolog.analysis.plan;
  exports dev.homolog.analysis.report;
  exports dev.homolog.analysis.roles;
  exports dev.homolog.analysis.run;
  exports dev.homolog.analysis.shard;
  exports dev.homolog.analysis.state;
  exports dev.homolog.analysis.statistics;
  exports dev.homolog.analysis.table;
  exports dev.homolog.analysis.weights;
}
