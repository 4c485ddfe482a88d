// One word in two models, side by side.

import { pick } from "../address.js";
import { ranking } from "../bars.js";
import { Problem } from "../api.js";
import { about, make } from "../dom.js";
import { problemOf } from "../problem.js";

export const models = {
  name: "models",
  view: "compare",
  fields: ["word", "other", "on_missing"],

  asks(state, model) {
    const [word, other] = [state.get("word"), state.get("other")];
    if (!word || !other) return [];
    const of = (model) => ({ model, question: "neighbors", parameters: [["word", word], ...pick(state, ["on_missing"])], optional: true });
    return [of(model), of(other)];
  },

  show(answers, state) {
    const [here, there] = answers.map((answer) => (answer instanceof Problem ? [] : answer.neighbors));
    const known = new Set(there.map(({ word }) => word));
    const shared = new Set(here.map(({ word }) => word).filter((word) => known.has(word)));
    const said = `${shared.size} of ${here.length} neighbors are the same in both models`;
    return {
      nodes: [
        make("p", { className: "verdict", textContent: `${said}.` }),
        make("div", { className: "columns" }, answers.map((answer, place) =>
          make("div", {}, answer instanceof Problem ? problemOf(answer) : columnOf(answer, shared)))),
      ],
      said,
    };
  },
};

const columnOf = ({ model, word, neighbors }, shared) => ranking(neighbors,
  make("span", {}, make("b", { textContent: `${model.name}@${model.version}` }), about(`words like ${word}`)), { shared });
