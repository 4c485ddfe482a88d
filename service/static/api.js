// Asking the HTTP API. Every error, the network's too, becomes a Problem of the API's own shape.

import { credentials } from "./token.js";

const models = document.querySelector("main").dataset.api;

export class Problem extends Error {
  /** @param {{message: string, code: string, missing?: string[], subwords?: boolean, near?: Object<string, string[]>}} error */
  constructor({ message, code, missing = [], subwords = false, near = {} }) {
    super(message);
    Object.assign(this, { code, missing, subwords, near });
  }

  /** Whether the same question would meet this again, as long as the model is the same. */
  get isFinal() {
    return ["malformed", "unknown_word", "unusable"].includes(this.code);
  }
}

/**
 * The address of one question about one model; without a question, of the model's card.
 * @param {{model: string, question?: string, parameters?: [string, string][]}} asked `model` is `name` or
 *   `name@version`; `question` the last part of the address; a list is a parameter that comes several times
 */
export function addressOf({ model, question, parameters = [] }) {
  const path = [models, encodeURIComponent(model), ...(question ? [question] : [])].join("/");
  return parameters.length ? `${path}?${new URLSearchParams(parameters)}` : path;
}

/**
 * The answer to one question.
 * @param {AbortSignal} signal gives up; what is then thrown is not worth showing
 */
export const ask = (asked, signal) => fetchJson(addressOf(asked), signal);

/** All published models, by name and version. */
export const listModels = async () => (await fetchJson(models)).models;

async function fetchJson(address, signal) {
  let response;
  try {
    response = await fetch(address, { signal, headers: { Accept: "application/json", ...credentials() } });
  } catch {
    throw new Problem({ code: "network", message: "The service does not answer. Is it still running?" });
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  throw new Problem(body?.error ?? { code: "unreadable", message: `The service answered ${response.status}.` });
}
