// A panel: a form, its answer, and how to ask the same over HTTP. It shows what the address says, and its form changes
// nothing but the address.

import { addressIn, go, pick } from "./address.js";
import { ask, Problem } from "./api.js";
import { curlOf } from "./curl.js";
import { make, say } from "./dom.js";
import { composedOf } from "./pieces.js";
import { fill, read } from "./forms.js";
import { problemOf } from "./problem.js";

/**
 * What a panel asks and shows:
 * - fields: the names in the address that are its own
 * - asks(state, model): the requests [{model, question, parameters, optional}], none where the address asks nothing;
 *   an optional one may fail, and the panel gets its Problem in place of an answer
 * - show(answers, state): {nodes, said}: what is shown, and told to a screen reader
 * - blank(model, signal): what is shown where nothing is asked yet
 * - fill(form, state), read(form): where the form is more than its fields
 */
export class Panel {
  /** @param {Element} place has a form (or none), and an .answer; @param {object} kind see above */
  constructor(place, kind, recognize) {
    Object.assign(this, { place, kind, recognize, key: "", typed: "", asking: null });
    this.answer = place.querySelector(".answer");
    this.form = place.querySelector("form");
    this.form?.addEventListener("submit", (event) => {
      event.preventDefault();
      go(addressIn(kind.view, (kind.read ?? read)(this.form)));
    });
  }

  /** Show what the address says; what it has already been asked is left alone. */
  async refresh(state, model) {
    const own = JSON.stringify(pick(state, this.kind.fields));
    const key = JSON.stringify([model, own]);
    if (key === this.key) return;
    this.asking?.abort();
    this.key = key;
    if (this.form && own !== this.typed) (this.kind.fill ?? fill)(this.form, state); // another model: typing stays
    this.typed = own;
    const requests = this.kind.asks(state, model);
    this.place.classList.toggle("asked", requests.length > 0);
    const { signal } = (this.asking = new AbortController());
    this.answer.setAttribute("aria-busy", "true");
    try {
      await (requests.length ? this.ask(requests, state, signal) : this.blank(state, model, signal));
    } catch (error) {
      if (signal.aborted) return; // the address has changed: a newer question, or none, has taken its place
      if (!(error instanceof Problem)) throw error;
      say(error.message);
      this.answer.replaceChildren(problemOf(error));
      if (!error.isFinal) this.key = ""; // asking again is worth a try
    }
    if (!signal.aborted) this.answer.removeAttribute("aria-busy");
  }

  async ask(requests, state, signal) {
    if (!this.answer.querySelector("table, .problem")) this.answer.replaceChildren(waiting());
    const answers = await Promise.all(requests.map((asked) => answerTo(asked, signal)));
    const { nodes, said } = this.kind.show(answers, state);
    this.answer.replaceChildren(...composedOf(answers), ...nodes, curlOf(requests));
    say(said);
    for (const { model } of answers) if (model) await this.recognize(model);
  }

  async blank(state, model, signal) {
    this.answer.replaceChildren();
    const nodes = await this.kind.blank?.(model, signal);
    if (nodes && !signal.aborted) this.answer.replaceChildren(...nodes);
  }
}

async function answerTo(asked, signal) {
  try {
    return await ask(asked, signal);
  } catch (error) {
    if (!asked.optional || signal.aborted || !(error instanceof Problem)) throw error;
    return error;
  }
}

/** The shape of a table, until there is one. */
const waiting = () => make("div", { className: "waiting", aria: { hidden: true } },
  Array.from({ length: 8 }, () => make("span")));
