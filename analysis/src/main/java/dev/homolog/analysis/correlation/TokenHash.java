package dev.homolog.analysis.correlation;

/**
 * Which bucket a position of the text falls into, and with which sign. Both follow from seed, row
 * and column alone, so that shards of a text agree. The hash is three steps of SplitMix64 (Steele,
 * Lea and Flood 2014): h = m(m(m(seed) ^ row) ^ column), where m(x) is what it returns in state x.
 *
 * @param size number of buckets, at most 2³¹
 */
record TokenHash(long seed, int size) {
  private static final long GAMMA = 0x9e3779b97f4a7c15L;

  /** The hash of a position. */
  long of(long row, long column) {
    return mixed(mixed(mixed(seed) ^ row) ^ column);
  }

  /** The bucket of a hash: its upper 31 bits as a fraction of 2³¹, times the number of buckets. */
  int bucket(long hash) {
    return (int) (((hash >>> 33) * size) >>> 31);
  }

  /** The sign of a hash, 1 or -1, by its lowest bit. */
  int sign(long hash) {
    return (hash & 1) == 0 ? 1 : -1;
  }

  private static long mixed(long state) {
    long x = state + GAMMA;
    x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }
}
