// Building what is shown. Words come from the model and from the address, so they are only ever set as text.

/** An element with properties and children; strings become text. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A link that walks on: page.js follows it without loading the page again. */
export function walk(text, address) {
  return make("a", { className: "word", href: address, textContent: text, dir: "auto" });
}

/** A score as a bar, from 0 to 1; screen readers get the number that stands beside it. */
export function bar(score) {
  const filled = make("span");
  filled.style.width = `${100 * Math.max(0, score)}%`;
  const whole = make("span", { className: "bar" }, filled);
  whole.setAttribute("aria-hidden", "true");
  return whole;
}

export const decimals = (score) => score.toFixed(3).replace("-", "\u2212");

/**
 * Neighbors as a table.
 * @param {{word: string, score: number, count: number}[]} neighbors nearest first
 * @param {(word: string) => string} addressOf where each word leads
 */
export function table(neighbors, caption, addressOf) {
  const rows = neighbors.map(({ word, score, count }) =>
    make("tr", {},
      make("th", { scope: "row" }, walk(word, addressOf(word))),
      make("td", {}, bar(score)),
      make("td", { className: "number", textContent: decimals(score) }),
      make("td", { className: "number count", textContent: count.toLocaleString("en") })));
  return make("table", {},
    make("caption", {}, ...caption),
    make("thead", {}, make("tr", {},
      make("th", { scope: "col", textContent: "word" }),
      make("th", { scope: "col", colSpan: 2, className: "number", textContent: "cosine" }),
      make("th", { scope: "col", className: "number count", textContent: "count" }))),
    make("tbody", {}, ...rows));
}

/**
 * What went wrong, in the page's words, with the near matches as links.
 * @param {(asked: string, instead: string) => string} addressOf the question with one word replaced
 */
export function problem(error, addressOf) {
  const asked = error.code === "unknown_word" || error.code === "unknown_model" ? Object.keys(error.near) : [];
  if (!asked.length) return make("div", { className: "problem" }, make("p", { textContent: error.message }));
  const where = error.code === "unknown_word" ? " is not in this model\u2019s vocabulary." : " is not a model here.";
  const lines = asked.map((word) => {
    const line = make("p", {}, make("strong", { textContent: word, dir: "auto" }), where);
    const near = error.near[word].flatMap((match) => [", ", walk(match, addressOf(word, match))]).slice(1);
    if (near.length) line.append(" Did you mean ", ...near, "?");
    return line;
  });
  return make("div", { className: "problem" }, ...lines);
}
