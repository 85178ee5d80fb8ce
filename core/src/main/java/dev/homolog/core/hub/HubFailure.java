package dev.homolog.core.hub;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What an exception of the network or the disk means, without the names of classes. */
final class HubFailure {
  private HubFailure() {}

  static String describe(IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
        return "its host is unknown";
      }
    }
    return switch (e) {
      case ConnectException _ -> "no connection";
      case HttpTimeoutException _ -> "no answer in time";
      case AccessDeniedException denied -> "no permission to write " + denied.getFile();
      case NoSuchFileException gone -> "no such file " + gone.getFile();
      case FileSystemException failed when failed.getReason() != null ->
          failed.getReason() + " (" + failed.getFile() + ")";
      default -> e.getMessage() == null ? "the connection broke" : e.getMessage();
    };
  }
}
