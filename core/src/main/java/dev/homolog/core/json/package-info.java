/** JSON from files that may be hostile, read strictly and within bounds. */
package dev.homolog.core.json;
