/** The inputs of a run: open models that go together, and the text that they read. */
package dev.homolog.analysis.input;
