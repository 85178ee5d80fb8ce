/** What a run will take of memory and time, and in how many passes it fits. */
package dev.homolog.analysis.plan;
