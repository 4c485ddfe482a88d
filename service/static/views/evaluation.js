// How good the vectors are, by the usual questions.

import { bar, column } from "../bars.js";
import { decimals, make, whole } from "../dom.js";
import { part, scrolled } from "./parts.js";

const TITLES = { wordsim353: "WordSim-353", simlex999: "SimLex-999", analogies: "Google analogies" };

export function evaluationOf(evaluation) {
  if (!evaluation) return null;
  const sections = Object.entries(evaluation).flatMap(([, found]) => Object.entries(found.sections ?? {}));
  return part("How good it is", "Likeness: rank correlation with what people said. Analogies: the share solved. " +
    "Only questions whose words the model has are counted.",
    scrolled("Evaluation", tableOf(Object.entries(evaluation).map(([name, found]) => [TITLES[name] ?? name, found]))),
    sections.length ? make("details", {}, make("summary", { textContent: "Analogies by kind" }),
      scrolled("Analogies by kind", tableOf(sections))) : null);
}

function tableOf(rows) {
  return make("table", { className: "ruled" },
    make("thead", {}, make("tr", {}, column("questions", ""), column("", "drawn"), column("score", "number"),
      column("95% interval", "number"), column("counted", "number"))),
    make("tbody", {}, rows.map(([name, found]) => rowOf(name, found))));
}

function rowOf(name, { spearman, accuracy, interval, covered, total }) {
  const score = spearman ?? accuracy;
  const shown = (number) => (accuracy === undefined ? decimals(number) : `${decimals(100 * number, 1)}%`);
  const number = (text) => make("td", { className: "number", textContent: text });
  const known = Number.isFinite(score);
  return make("tr", {}, make("th", { scope: "row", textContent: name }),
    make("td", { className: "drawn" }, bar(known ? score : 0)), number(known ? shown(score) : "\u2013"),
    number(interval ? interval.map(shown).join(" to ") : ""), number(`${whole(covered)} of ${whole(total)}`));
}
