/** Studies whose text is read in shares: which share is whose, and what is kept of it. */
package dev.homolog.analysis.shard;
