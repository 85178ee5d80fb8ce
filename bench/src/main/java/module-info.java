/** Benchmarks beside their peers, and the check of a machine with a GPU. */
module dev.homolog.bench {
  requires dev.homolog.analysis;
  requires dev.homolog.bindings;
  requires com.fasterxml.jackson.databind;
  requires static jmh.core;
  requires static dev.ludovic.netlib.blas;
  requires static jdk.incubator.vector;
}
