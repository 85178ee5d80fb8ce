package dev.homolog.bench;

import dev.homolog.core.backend.Backend;
import dev.homolog.core.kernels.Kernels;
import dev.ludovic.netlib.blas.JavaBLAS;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What JMH runs for {@link KernelBench}: one kernel on one side, whose result is checked against
 * another side's before it is timed, and what a core and the memory can do at all.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class KernelBenchmark {
  /** Of the greatest value; sums of 8,192 products in single precision are the worst. */
  private static final double TOLERANCE = 1e-5;

  /** A kernel, its shape, and who runs it on how many threads. */
  @State(Scope.Benchmark)
  public static class Setting {
    @Param("gemm")
    public String kernel;

    @Param("family")
    public String shape;

    @Param("vector")
    public String side;

    @Param("1")
    public int threadsOfKernels;

    private final Arena arena = Arena.ofShared();
    private Kernels kernels;
    private Runnable run;

    /** Runs the kernel once here and once on another side, and compares. */
    @Setup
    public void check() {
      KernelWork.Shape sizes = KernelWork.Shape.of(shape);
      KernelWork work = KernelWork.of(kernel, sizes, arena);
      try (Arena scratch = Arena.ofShared()) {
        KernelWork expected = KernelWork.of(kernel, sizes, scratch);
        double difference;
        if (side.equals("netlib")) {
          try (Kernels other = Backend.VECTOR.open(1).kernels()) {
            expected.run(other, false);
          }
          Netlib netlib = new Netlib(work);
          netlib.run();
          run = netlib;
          difference = netlib.difference(expected);
        } else {
          boolean torch = side.equals("torch");
          Backend mine = torch ? Backend.TORCH : Backend.VECTOR;
          kernels = mine.open(threadsOfKernels).kernels();
          work.run(kernels, torch);
          Backend theirs = torch ? Backend.VECTOR : Backend.TORCH;
          try (Kernels other = theirs.open(threadsOfKernels).kernels()) {
            expected.run(other, !torch);
          }
          run = () -> work.run(kernels, torch);
          difference =
              KernelWork.difference(work.result(), expected.result(), kernel.equals("gram"));
        }
        if (!(difference <= TOLERANCE)) {
          throw new IllegalStateException(
              kernel + ", " + shape + ", " + side + ": differs by " + difference);
        }
      }
    }

    /** Closes kernels and memory. */
    @TearDown
    public void close() {
      if (kernels != null) {
        kernels.close();
      }
      arena.close();
    }
  }

  /** Time of the processor, which other programs on the machine disturb less than the clock's. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Processor {
    public long calls;

    /** In the calls: of the calling thread where it is the only one, else of the process. */
    public long nanos;
  }

  /** One call. */
  @Benchmark
  public void kernel(Setting setting, Processor processor) {
    ProcessorClock clock =
        setting.threadsOfKernels == 1 ? ProcessorClock.THREAD : ProcessorClock.PROCESS;
    long start = clock.nanos();
    setting.run.run();
    processor.nanos += clock.nanos() - start;
    processor.calls++;
  }

  /** sgemm of netlib's Vector API on heap arrays: c = aᵀ b, which there is by columns. */
  private static final class Netlib implements Runnable {
    private static final int N = KernelWork.GEMM;

    private final JavaBLAS blas = JavaBLAS.getInstance();
    private final float[] a = new float[N * N];
    private final float[] b = new float[N * N];
    private final float[] c = new float[N * N];

    Netlib(KernelWork work) {
      if (!blas.getClass().getSimpleName().equals("VectorBLAS")) {
        throw new IllegalStateException("netlib runs " + blas.getClass());
      }
      MemorySegment.ofArray(a).copyFrom(work.inputs().get(0).data());
      MemorySegment.ofArray(b).copyFrom(work.inputs().get(1).data());
    }

    @Override
    public void run() {
      // By columns our a is its transpose aᵀ, and our c = aᵀ b is cᵀ = bᵀ a.
      blas.sgemm("N", "T", N, N, N, 1, b, N, a, N, 0, c, N);
    }

    double difference(KernelWork expected) {
      double worst = 0;
      double greatest = 0;
      MemorySegment data = expected.result().data();
      for (int i = 0; i < c.length; i++) {
        double value = data.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        worst = Math.max(worst, Math.abs(value - c[i]));
        greatest = Math.max(greatest, Math.abs(value));
      }
      return worst / greatest;
    }
  }

  // ---- limits ----

  static final int FMA_STEPS = 1_000_000;

  /** Independent sums, more than a core has under way at once. */
  static final int FMA_SUMS = 10;

  /** Floats that each thread copies: 64 MiB, more than any cache of a core. */
  static final int COPIED = 16 << 20;

  /** Memory of one thread. */
  @State(Scope.Thread)
  public static class Copied {
    private final float[] from = new float[COPIED];
    private final float[] to = new float[COPIED];

    /** Touches all pages. */
    @Setup
    public void touch() {
      Arrays.fill(from, 1);
      Arrays.fill(to, 1);
    }
  }

  /** FMA_STEPS times FMA_SUMS multiply-adds of whole vectors, in registers. */
  @Benchmark
  public float fma(Copied state) {
    var species = FloatVector.SPECIES_PREFERRED;
    FloatVector x = FloatVector.broadcast(species, state.from[0]);
    FloatVector y = FloatVector.broadcast(species, 1e-9f);
    FloatVector s0 = x;
    FloatVector s1 = x;
    FloatVector s2 = x;
    FloatVector s3 = x;
    FloatVector s4 = x;
    FloatVector s5 = x;
    FloatVector s6 = x;
    FloatVector s7 = x;
    FloatVector s8 = x;
    FloatVector s9 = x;
    for (int i = 0; i < FMA_STEPS; i++) {
      s0 = x.fma(y, s0);
      s1 = x.fma(y, s1);
      s2 = x.fma(y, s2);
      s3 = x.fma(y, s3);
      s4 = x.fma(y, s4);
      s5 = x.fma(y, s5);
      s6 = x.fma(y, s6);
      s7 = x.fma(y, s7);
      s8 = x.fma(y, s8);
      s9 = x.fma(y, s9);
    }
    FloatVector low = s0.add(s1).add(s2).add(s3).add(s4);
    return low.add(s5).add(s6).add(s7).add(s8).add(s9).lane(0);
  }

  /** Reads and writes COPIED floats. */
  @Benchmark
  public float[] copy(Copied state) {
    System.arraycopy(state.from, 0, state.to, 0, COPIED);
    return state.to;
  }
}
