package dev.homolog.core.tokens;

/**
 * A text's token ids and where each token lies in it. Tokens that are parts of one character all
 * span that character.
 *
 * @param ids token ids
 * @param starts index of each token's first char in the text, as {@link String#charAt} counts
 * @param ends index after each token's last char
 */
public record Encoded(int[] ids, int[] starts, int[] ends) {}
