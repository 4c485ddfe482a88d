// Which of several words fits least.

import { addressIn, pick } from "../address.js";
import { bar, column, walk } from "../bars.js";
import { about, decimals, listed, make, wordOf } from "../dom.js";
import { examplesOf } from "./examples.js";

const FIELDS = ["words", "on_missing"];
const FEWEST = 3;
const EXAMPLES = ["monday tuesday music friday", "north south east water", "king queen prince train", "two three green five",
  "french german english river"].map((line) => line.split(" "));
const fieldOf = (form) => form.querySelector("#several");

export const odd = {
  name: "odd",
  view: "compare",
  fields: FIELDS,

  asks(state, model) {
    if (!state.has("words")) return [];
    return [{ model, question: "doesnt-match", parameters: pick(state, FIELDS) }];
  },

  show([{ word, scores }]) {
    return {
      nodes: [
        make("p", { className: "verdict" }, wordOf(word), " fits least."),
        make("table", { className: "bars single" },
          make("caption", {}, make("b", { textContent: "Which fit" }), about("nearness of each word to the mean of all")),
          make("thead", {}, make("tr", {}, column("word", "first"), column("", "drawn"), column("cosine", "number figure"))),
          make("tbody", {}, scores.toReversed().map((found) => make("tr", {},
            make("th", { scope: "row" }, walk(found.word)), make("td", { className: "drawn" }, bar(found.score)),
            make("td", { className: "number figure", textContent: decimals(found.score) }))))),
      ],
      said: `${word} fits least`,
    };
  },

  blank: (model, signal) => examplesOf(model, signal, EXAMPLES, (words) => ({
    address: addressIn("compare", words.map((word) => ["words", word])),
    nodes: listed(words.map((word) => wordOf(word))),
  })),

  fill(form, state) {
    fieldOf(form).value = state.getAll("words").join(", ");
    fieldOf(form).dispatchEvent(new Event("input"));
  },

  read: (form) => wordsOf(form).map((word) => ["words", word]),
};

/** Words that a comma or, where there is none, a blank divides. */
const wordsOf = (form) => {
  const text = fieldOf(form).value;
  return text.split(text.includes(",") ? "," : /\s+/).map((word) => word.trim()).filter(Boolean);
};

/** The browser refuses fewer words than the question needs, in its own way. */
export function readyOdd(form) {
  fieldOf(form).addEventListener("input", () =>
    fieldOf(form).setCustomValidity(wordsOf(form).length < FEWEST ? `At least ${FEWEST} words, please.` : ""));
}
