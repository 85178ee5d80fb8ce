/**
 * Folders of the user, and locks and owners of files, as other programs on this machine see them.
 */
package dev.homolog.bindings.files;
