// The token of a guarded service: asked for when it is missed, kept in this tab's sessionStorage and nowhere else, and
// sent as a header; it never stands in an address.

import { go } from "./address.js";
import { make, paragraph } from "./dom.js";

const KEY = "firth-token";
const LETTERS = "\\s*[A-Za-z0-9._~+\\/\\-]+=*\\s*"; // RFC 6750, section 2.1; what else there is could not be sent
let token = remembered();

function remembered() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // storage is switched off: the token lasts as long as the page
  }
}

function keep(given) {
  token = given;
  try {
    sessionStorage.setItem(KEY, given);
  } catch { /* as above */ }
}

export const hasToken = () => token !== "";

/** The headers that show the token, if there is one. */
export const credentials = () => (token ? { Authorization: `Bearer ${token}` } : {});

/** What asks for the token; once it is given, the page asks again what its address says. */
export function tokenForm() {
  const input = make("input", { type: "password", required: true, autocomplete: "off", pattern: LETTERS,
    title: "letters, digits and . _ ~ + / - =" });
  const field = make("label", { className: "labelled" }, "Token of this service", input);
  const form = make("form", { className: "token" }, field, make("button", { type: "submit", textContent: "Continue" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep(input.value.trim());
    go(location.search);
  });
  queueMicrotask(() => input.focus()); // when it stands in the page
  const wrong = hasToken() ? "The service does not take this token." : "This service wants a token.";
  return [make("p", { textContent: wrong }), form,
    paragraph("quiet", "Whoever runs the service has it. It is kept in this tab until you close it.")];
}
