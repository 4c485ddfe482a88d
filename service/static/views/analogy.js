// a is to b as c is to ?, with what the same question says without the offset and without leaving words out.

import { addressIn, pick, RANKING } from "../address.js";
import { ranking } from "../bars.js";
import { about, formulaOf, listed, make, wordOf } from "../dom.js";
import { examplesOf } from "./examples.js";

const FIELDS = ["a", "b", "c", "method", ...RANKING];
const EXAMPLES = ["he his she", "is was are", "man king woman", "good better bad", "big bigger small",
  "france french germany", "paris france london", "one two three"].map((line) => line.split(" "));

export const analogy = {
  name: "analogy",
  view: "analogy",
  fields: FIELDS,

  asks(state, model) {
    solutionOf().textContent = "?";
    if (!["a", "b", "c"].every((name) => state.get(name))) return [];
    return [{ model, question: "analogy", parameters: pick(state, FIELDS) }];
  },

  show([answer]) {
    const solution = answer.neighbors[0]?.word ?? "nothing";
    const score = isSum(answer) ? "cosine" : "score";
    solutionOf().textContent = solution;
    return {
      nodes: [
        verdictOf(answer),
        make("div", { className: "columns three" },
          make("div", {}, ranking(answer.neighbors, captionOf("The answer", rankedBy(answer)), { score })),
          make("div", { className: "doubt" },
            ranking(answer.nearest_to_c, captionOf(`Nearest to ${answer.c} alone`, about("without the offset")))),
          make("div", { className: "doubt" },
            ranking(answer.unexcluded, captionOf("Nothing left out", about("the words asked with may answer")), { score }))),
      ],
      said: `The analogy's answer is ${solution}`,
    };
  },

  blank: (model, signal) => examplesOf(model, signal, EXAMPLES, ([a, b, c]) => ({
    address: addressIn("analogy", [["a", a], ["b", b], ["c", c]]),
    nodes: [wordOf(a), " is to ", wordOf(b), " as ", wordOf(c), " is to \u2026"],
  })),
};

const solutionOf = () => document.querySelector(".solution");

const captionOf = (title, said) => make("span", {}, make("b", { textContent: title, dir: "auto" }), said);

const isSum = ({ method }) => method.toLowerCase() === "3cosadd";

/** Nearness to a sum, or the formula of another method. */
const rankedBy = (answer) => make("span", { className: "about" },
  isSum(answer) ? "nearest to " : "by ", formulaOf(answer.formula));

/** How much the offset itself did, said in a sentence. */
function verdictOf({ c, neighbors, nearest_to_c: alone, unexcluded }) {
  if (!neighbors.length) return "";
  const solution = neighbors[0].word;
  const place = alone.findIndex(({ word }) => word === solution);
  const parts = [place === 0
    ? [wordOf(solution), " is also the word nearest to ", wordOf(c), " alone: here the offset changed nothing."]
    : place > 0
      ? [wordOf(solution), ` is number ${place + 1} of the words nearest to `, wordOf(c), " alone; the offset made it the first."]
      : [wordOf(solution), ` is not among the ${alone.length} words nearest to `, wordOf(c), " alone: the offset brought it here."]];
  const before = unexcluded.slice(0, Math.max(0, unexcluded.findIndex(({ word }) => word === solution)));
  if (before.length) parts.push([" Were no words left out, ", ...listed(before.map(({ word }) => wordOf(word))), " would come before it."]);
  return make("p", { className: "verdict" }, parts.flat());
}
