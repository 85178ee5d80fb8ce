package dev.homolog.core.hub;

import dev.homolog.core.InputException;
import dev.homolog.core.checkpoint.HubCache;
import java.net.http.HttpResponse;

/** What a hub's refusal means, and what can be done about it. */
final class HubRefusal {
  private HubRefusal() {}

  static InputException of(
      HubSettings settings, HubCache.Name model, String revision, HttpResponse<?> response) {
    int status = response.statusCode();
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    String page = settings.page(model);
    if (code.equals("RevisionNotFound")) {
      return refusal(
          model,
          "the hub has no revision " + revision + " of it",
          "see " + page + " for its names");
    }
    if (status == 401 || status == 403) {
      return access(settings, model, status, code);
    }
    if (status == 404 || status == 410) {
      return refusal(
          model,
          "no such folder, not in the cache, and " + settings.endpoint() + " has no such model",
          "check the name; a private model needs HF_TOKEN");
    }
    return refusal(
        model, settings.endpoint() + " answers " + status, "try again later, or check HF_ENDPOINT");
  }

  /** Of a model that is not there, the hub tells strangers the same as of a private one. */
  private static InputException access(
      HubSettings settings, HubCache.Name model, int status, String code) {
    String page = settings.page(model);
    String who = settings.token().map(HubToken::toString).orElse("no token");
    String problem = settings.endpoint() + " refuses access (" + status + ") with " + who;
    if (code.equals("GatedRepo")) {
      return refusal(
          model,
          problem + ": its authors give access",
          "ask for access on " + page + " and set HF_TOKEN to a token of that account");
    }
    return refusal(
        model,
        problem + ": the model is private or gated, or there is none of that name",
        "check the name, ask for access on " + page + ", and set HF_TOKEN");
  }

  private static InputException refusal(HubCache.Name model, String problem, String remedy) {
    return new InputException(model.model(), "", problem, remedy);
  }
}
