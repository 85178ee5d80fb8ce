package dev.homolog.core.kernels;

/**
 * How causal self-attention reads its input.
 *
 * @param context tokens a row; rows of a batch follow each other
 * @param heads heads; what head h puts out has dimensions [h d_head, (h + 1) d_head)
 * @param dHead dimensions a head
 * @param scale factor of the scores before the softmax
 * @param layout where queries, keys and values lie
 */
public record AttentionShape(int context, int heads, int dHead, double scale, HeadLayout layout) {}
