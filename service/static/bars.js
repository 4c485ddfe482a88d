// Neighbors as a table of bars: what every ranking shows.

import { addressOfWord } from "./address.js";
import { decimals, link, make, whole } from "./dom.js";

/** A share from 0 to 1 as a bar; screen readers get the number that stands beside it. */
export function bar(share) {
  const filled = make("span");
  filled.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
  return make("span", { className: "bar", aria: { hidden: true } }, filled);
}

/** A word that leads on to its neighbors. */
export const walk = (word, className = "word") =>
  link(addressOfWord(word), { className, textContent: word, dir: "auto" });

export const column = (text, className) =>
  (text ? make("th", { scope: "col", className, textContent: text }) : make("td", { className }));

/**
 * Neighbors as a table.
 * @param {{word: string, score: number, count: number, rank: number}[]} neighbors best first
 * @param {Node|string} caption
 * @param {{score?: string, className?: string, shared?: Set<string>}} options what a score is; words to mark
 */
export function barTable(neighbors, caption, { score = "cosine", className = "", shared = new Set() } = {}) {
  const scale = Math.max(1, ...neighbors.map((neighbor) => Math.abs(neighbor.score))); // 3CosMul goes beyond 1
  return make("table", { className: `bars ${className}` },
    make("caption", {}, caption),
    make("thead", {}, make("tr", {}, column("word", "first"), column("", "drawn"), column(score, "number figure"),
      column("count", "number detail"), column("rank", "number detail"))),
    make("tbody", {}, neighbors.map(({ word, score: found, count, rank }) =>
      make("tr", { className: shared.has(word) ? "shared" : "" },
        make("th", { scope: "row" }, walk(word),
          shared.has(word) && make("span", { className: "unseen", textContent: " (in both)" })),
        make("td", { className: "drawn" }, bar(found / scale)),
        make("td", { className: "number figure", textContent: decimals(found) }),
        make("td", { className: "number detail", textContent: whole(count) }),
        make("td", { className: "number detail", textContent: rank === undefined ? "" : whole(rank) })))));
}

/** What is shown where a ranking found nothing. */
export function ranking(neighbors, caption, options) {
  if (neighbors.length) return barTable(neighbors, caption, options);
  return make("div", {}, make("p", { className: "caption" }, caption),
    make("p", { className: "hint", textContent: "No word passes these filters. Widen them, and ask again." }));
}
