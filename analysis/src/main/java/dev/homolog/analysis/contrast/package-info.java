/**
 * Universal neurons beside the others of their layers (Gurnee et al. 2024, section 4.2), and groups
 * of homologs with what their members respond to.
 */
package dev.homolog.analysis.contrast;
