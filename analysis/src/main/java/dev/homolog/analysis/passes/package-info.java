/** The passes of a study over its text: how they are read, saved, and gone on with after a stop. */
package dev.homolog.analysis.passes;
