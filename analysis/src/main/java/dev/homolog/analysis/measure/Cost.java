package dev.homolog.analysis.measure;

import java.util.ArrayList;
import java.util.List;

/**
 * What a measurement takes, in bytes by when they are held, and in operations. Built by chained
 * calls; read by the planner, which adds the costs of all measurements. Bytes under one name are
 * one line of the plan.
 */
public final class Cost {
  private final List<Part> passes = new ArrayList<>();
  private final List<Part> look = new ArrayList<>();
  private final List<Part> afterwards = new ArrayList<>();
  private final List<Part> besideDevice = new ArrayList<>();
  private final List<Flops> operations = new ArrayList<>();
  private long results;
  private long lateResults;
  private long tables;
  private long writing;

  /** Of nothing yet. */
  public Cost() {}

  /** Bytes of one use of memory. */
  public record Part(String name, long bytes) {}

  /**
   * Floating-point operations of one kind of work; multiplying and adding are two.
   *
   * @param seconds that they took, if they are done before the plan is made; NaN otherwise
   */
  public record Flops(String name, double operations, double seconds) {

    /** Operations that are still to be done. */
    public Flops(String name, double operations) {
      this(name, operations, Double.NaN);
    }
  }

  /** Bytes where the kernels compute, while the passes read the text and are reduced. */
  public Cost passes(String name, long bytes) {
    passes.add(new Part(name, bytes));
    return this;
  }

  /** Bytes where the kernels compute, from the first pass until the stream is closed. */
  public Cost whileOpen(String name, long bytes) {
    return passes(name, bytes).look(name, bytes);
  }

  /** Bytes where the kernels compute, while the stream is open and the sums are gone. */
  public Cost look(String name, long bytes) {
    look.add(new Part(name, bytes));
    return this;
  }

  /** Bytes where the kernels compute, when the stream is closed, for this measurement alone. */
  public Cost afterwards(String name, long bytes) {
    afterwards.add(new Part(name, bytes));
    return this;
  }

  /** Bytes of the host, where the kernels compute on a device. */
  public Cost besideDevice(String name, long bytes) {
    besideDevice.add(new Part(name, bytes));
    return this;
  }

  /** Bytes of results on the Java heap, from the passes to the end. */
  public Cost results(long bytes) {
    results += bytes;
    return this;
  }

  /** Bytes of results on the Java heap that come when the sums are gone. */
  public Cost lateResults(long bytes) {
    lateResults += bytes;
    return this;
  }

  /** Bytes of tables that are held while others are written. */
  public Cost tables(long bytes) {
    tables += bytes;
    return this;
  }

  /** Bytes that writing this measurement's largest table takes. */
  public Cost writing(long bytes) {
    writing = Math.max(writing, bytes);
    return this;
  }

  /** Operations of the whole study. */
  public Cost operations(String name, double operations) {
    this.operations.add(new Flops(name, operations));
    return this;
  }

  /** Operations that are done before the plan is made, and the seconds that they took. */
  public Cost done(String name, double operations, double seconds) {
    this.operations.add(new Flops(name, operations, seconds));
    return this;
  }

  public List<Part> passes() {
    return List.copyOf(passes);
  }

  public List<Part> look() {
    return List.copyOf(look);
  }

  public List<Part> afterwards() {
    return List.copyOf(afterwards);
  }

  public List<Part> besideDevice() {
    return List.copyOf(besideDevice);
  }

  public List<Flops> operations() {
    return List.copyOf(operations);
  }

  public long results() {
    return results;
  }

  public long lateResults() {
    return lateResults;
  }

  public long tables() {
    return tables;
  }

  public long writing() {
    return writing;
  }
}
