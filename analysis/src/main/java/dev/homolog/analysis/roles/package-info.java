/** What single neurons do in their model: to its entropy, to attention heads, to tokens. */
package dev.homolog.analysis.roles;
