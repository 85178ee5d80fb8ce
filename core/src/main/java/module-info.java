/** Memory, checkpoints, tokens, models, kernels and the activation stream. */
@SuppressWarnings("module") // the module that it exports to is built after it
module dev.homolog.core {
  requires static jdk.incubator.vector;
  requires transitive dev.homolog.bindings;
  requires java.net.http;
  requires com.fasterxml.jackson.databind;
  requires ai.djl.api;
  requires ai.djl.tokenizers;
  requires com.google.gson; // DJL, an automatic module, cannot say that it needs these two
  requires org.slf4j;
  requires com.github.luben.zstd_jni;

  exports dev.homolog.core;
  exports dev.homolog.core.backend;
  exports dev.homolog.core.checkpoint;
  exports dev.homolog.core.hub;
  exports dev.homolog.core.intervention;
  exports dev.homolog.core.file to
      dev.homolog.analysis;
  exports dev.homolog.core.memory;
  exports dev.homolog.core.kernels;
  exports dev.homolog.core.model;
  exports dev.homolog.core.model.family;
  exports dev.homolog.core.npy;
  exports dev.homolog.core.stream;
  exports dev.homolog.core.tokens;
}
