/** Files that appear whole or not at all. Exported to the project's own modules alone. */
package dev.homolog.core.file;
