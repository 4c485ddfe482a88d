// Asking the HTTP API. Every error, the network's too, becomes a Problem of the API's own shape.

const models = document.querySelector("main").dataset.api;

export class Problem extends Error {
  /** @param {{message: string, code: string, missing?: string[], near?: Object<string, string[]>}} error */
  constructor({ message, code, missing = [], near = {} }) {
    super(message);
    Object.assign(this, { code, missing, near });
  }
}

/**
 * The answer to one question about one model.
 * @param {string} model `name` or `name@version`
 * @param {string} question the last part of the address, for example `neighbors`
 * @param {Object<string, string>} parameters
 * @param {AbortSignal} signal gives up; what is then thrown is not worth showing
 */
export function ask(model, question, parameters, signal) {
  const query = new URLSearchParams(parameters);
  return fetchJson(`${models}/${encodeURIComponent(model)}/${question}?${query}`, signal);
}

/** All published models, by name and version. */
export async function listModels() {
  return (await fetchJson(models)).models;
}

async function fetchJson(address, signal) {
  let response;
  try {
    response = await fetch(address, { signal, headers: { Accept: "application/json" } });
  } catch {
    throw new Problem({ code: "network", message: "The service does not answer. Is it still running?" });
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  throw new Problem(body?.error ?? { code: "unreadable", message: `The service answered ${response.status}.` });
}
