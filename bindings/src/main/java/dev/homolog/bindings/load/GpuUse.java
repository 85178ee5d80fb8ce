package dev.homolog.bindings.load;

/** What a load does about GPUs. */
public enum GpuUse {
  /** Prefer a libtorch with CUDA where there is a GPU. */
  IF_PRESENT,
  /** Do not look for a GPU. */
  NEVER,
  /** A libtorch with CUDA and a GPU, or nothing. */
  REQUIRED
}
