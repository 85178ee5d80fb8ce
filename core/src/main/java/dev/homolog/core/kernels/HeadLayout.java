package dev.homolog.core.kernels;

/**
 * Where a head's query, key and value lie in a row of qkv [T, 3 d]. The query of head h begins at
 * column h · {@code headStride}. Its key is {@code partStride} columns later, and its value as many
 * after that.
 *
 * @param headStride columns from one head to the next
 * @param partStride columns from a query to its key, and from a key to its value
 */
public record HeadLayout(int headStride, int partStride) {

  /** The queries of all heads, then the keys, then the values: GPT-2. */
  public static HeadLayout partByPart(int heads, int dHead) {
    return new HeadLayout(dHead, heads * dHead);
  }

  /** Query, key and value of the first head, then of the second: GPT-NeoX. */
  public static HeadLayout headByHead(int dHead) {
    return new HeadLayout(3 * dHead, dHead);
  }

  /** First column of a head's query. */
  public int query(int head) {
    return head * headStride;
  }

  /** First column of a head's key. */
  public int key(int head) {
    return query(head) + partStride;
  }

  /** First column of a head's value. */
  public int value(int head) {
    return query(head) + 2 * partStride;
  }
}
