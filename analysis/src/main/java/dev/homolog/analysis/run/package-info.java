/** The folder that a run leaves behind, and what {@code study.json} says of the run. */
package dev.homolog.analysis.run;
