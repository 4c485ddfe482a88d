// Words that are like a word, and words that occur with it.

import { pick, RANKING } from "../address.js";
import { ask, Problem } from "../api.js";
import { ranking } from "../bars.js";
import { about, make, whole, wordOf } from "../dom.js";
import { strip } from "../strip.js";
import { welcome } from "./welcome.js";

const FIELDS = ["word", ...RANKING];

export const neighbors = {
  name: "neighbors",
  view: "neighbors",
  fields: FIELDS,

  asks(state, model) {
    if (!state.get("word")) return [];
    const parameters = pick(state, FIELDS);
    return [
      { model, question: "neighbors", parameters },
      { model, question: "contexts", parameters, optional: true },
      { model, question: "vector", parameters: pick(state, ["word", "case", "on_missing"]), optional: true },
    ];
  },

  show([like, occurring, vector]) {
    const word = like.used?.[0] ?? like.word;
    return {
      nodes: [
        headingOf(word, vector),
        make("div", { className: "columns" },
          make("div", {}, ranking(like.neighbors, make("span", {}, make("b", { textContent: "Words like it" }),
            about("used in the same way")))),
          make("div", {}, contextsOf(occurring))),
      ],
      said: `${like.neighbors.length} words like ${word}; the first is ${like.neighbors[0]?.word ?? "none"}`,
    };
  },

  blank: (model, signal) => welcome(model, signal, ask),
};

function headingOf(word, vector) {
  const known = vector instanceof Problem ? null : vector;
  return make("header", { className: "entry" },
    make("h2", {}, wordOf(word)),
    known?.rank && make("p", { className: "quiet",
      textContent: `${whole(known.count)} times in the text, rank ${whole(known.rank)}` }),
    known && strip(known.vector));
}

function contextsOf(answer) {
  if (answer instanceof Problem) {
    return make("div", {}, make("p", { className: "caption" }, make("b", { textContent: "Words that occur with it" })),
      make("p", { className: "hint", textContent:
        "This model does not say: it was stored without the vectors of contexts, or they are no words." }));
  }
  return ranking(answer.contexts, make("span", {}, make("b", { textContent: "Words that occur with it" }),
    about("found around it")), { score: "score", className: "company" });
}
