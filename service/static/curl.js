// How to ask the same over HTTP: a line for each request that is shown, ready to be copied.

import { addressOf } from "./api.js";
import { link, make, say } from "./dom.js";
import { hasToken } from "./token.js";

const HEADER = '-H "Authorization: Bearer $FIRTH_TOKEN" '; // whoever copies the line does not pass the token on

/** The line for a shell: the address in single quotes, none of which it can hold itself. */
function lineOf(asked) {
  const address = new URL(addressOf(asked), location.href).href.replaceAll("'", "%27");
  return `curl ${hasToken() ? HEADER : ""}'${address}'`;
}

/** The folded list of lines. */
export function curlOf(requests) {
  return make("details", { className: "curl" },
    make("summary", { textContent: "Ask the same over HTTP" }),
    make("ul", {}, requests.map((asked) => make("li", {},
      make("code", { textContent: lineOf(asked) }), copier(lineOf(asked)),
      hasToken() ? null : linkTo(asked)))));
}

/** The answer itself in a tab of its own, which a token would not reach. */
const linkTo = (asked) => link(addressOf(asked), { className: "quiet", textContent: "JSON", target: "_blank" });

function copier(text) {
  const button = make("button", { type: "button", className: "plain", textContent: "Copy", aria: { label: `Copy ${text}` } });
  button.addEventListener("click", async () => {
    const copied = await copy(text, button);
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    say(copied ? "Copied" : "The line is selected; copy it with the keyboard");
  });
  return button;
}

/** Browsers give no clipboard to pages that came over plain HTTP from another machine: there the line is selected. */
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling);
    return false;
  }
}
