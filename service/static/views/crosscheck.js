// What the cross-check against gensim found, level by level.

import { decimals, make } from "../dom.js";
import { part } from "./parts.js";

const LEVELS = {
  tables: ["Tables", "counts and probabilities, number by number"],
  replay: ["Replay", "an epoch with gensim\u2019s own random draws"],
  quality: ["Quality", "scores and neighbors over several seeds"],
};

export function crosscheckOf(crosscheck) {
  if (!crosscheck) return null;
  return part("Checked against gensim", "Firth compares each model with the same training by gensim, before it is stored.",
    make("ul", { className: "verdicts" }, Object.entries(crosscheck.levels ?? {}).map(([name, level]) => levelOf(name, level))));
}

function levelOf(name, level) {
  const [title, about] = LEVELS[name] ?? [name, ""];
  return make("li", {},
    make("span", { className: `seal ${level.verdict}`, textContent: level.verdict }),
    make("div", {}, make("b", { textContent: title }), make("span", { className: "quiet", textContent: ` \u2013 ${about}` }),
      make("details", {}, make("summary", { textContent: "Rule and findings" }),
        level.rule && make("p", { className: "quiet", textContent: `Rule: ${level.rule}.` }),
        make("dl", { className: "settings" }, findings(level).map(([key, value]) =>
          make("div", {}, make("dt", { textContent: key.replaceAll("_", " ") }), make("dd", { textContent: value })))))));
}

/** The numbers of a level, and those one step below it. */
function findings(level) {
  return Object.entries(level).filter(([name]) => name !== "verdict" && name !== "rule").flatMap(([name, value]) => {
    if (value && typeof value === "object" && !Array.isArray(value)) {
      return Object.entries(value).filter(([, inner]) => typeof inner !== "object").map(([inner, found]) =>
        [`${name}: ${inner}`, shown(found)]);
    }
    return [[name, shown(value)]];
  });
}

function shown(value) {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return Math.abs(value) < 1e-3 ? value.toExponential(1).replaceAll("-", "\u2212") : decimals(value);
}
