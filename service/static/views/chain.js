// Where a model comes from: each link of its chain with its hash, from the files of its text to its seal.

import { decimals, make, whole } from "../dom.js";
import { part } from "./parts.js";

const TITLES = { corpus: "text", import: "imported", tokenize: "tokens", vocabulary: "vocabulary", train: "training", vectors: "vectors",
  crosscheck: "cross-check", evaluation: "evaluation", published: "published" };

export function chainOf(links) {
  return part("Where it comes from", "Each hash is a sha256. firth verify recomputes them; firth reproduce trains again.",
    make("dl", { className: "chain" }, links.map((link) => make("div", {},
      make("dt", { textContent: TITLES[link.stage] ?? link.stage }), make("dd", {}, told(link).filter(Boolean))))));
}

const told = (link) => [factsOf(link), link.key && named("key", link.key),
  link.settings_sha256 && named("settings", link.settings_sha256), link.sha256 && named("sha256", link.sha256), madeOf(link)];

const named = (name, hash) => make("p", {}, `${name} `, make("code", { textContent: hash }));

const line = (text) => make("p", { textContent: text });

function factsOf(link) {
  switch (link.stage) {
    case "corpus": return line(`${whole(link.files.length)} files`);
    case "import": return line([`from ${link.format}`, ...link.files.flatMap(Object.values)].join(", "));
    case "vocabulary": return line(`${whole(link.words)} words`);
    case "train": return line(`seed ${link.seed}${link.parent ? `, continued from ${link.parent.key}` : ""}`);
    case "vectors": return line(link.dtype + (link.rounding ? lost(link.rounding) : ""));
    case "crosscheck": return line(link.verdict);
    case "evaluation": return line(scoresOf(link));
    case "published": return line(`${link.as}, ${link.at}${link.sealed === "migrated" ? ", sealed later" : ""}`);
    default: return null;
  }
}

const scoresOf = (link) => Object.entries(link).filter(([, score]) => score?.total).map(([name, score]) =>
  `${name} ${decimals(score.spearman ?? score.accuracy ?? 0)}, ${whole(score.covered)} of ${whole(score.total)} questions`).join("; ");

const lost = ({ cosine_error: error, neighbors }) =>
  `, cosines off by ${error.max.toExponential(1)} at most, ${decimals(100 * neighbors.overlap, 1)} % of neighbors the same`;

function madeOf({ code, made }) {
  if (!code) return null;
  const versions = Object.entries(code).map(([name, version]) => `${name} ${version}`);
  if (!made) return line(`with ${versions.join(", ")}`);
  const { machine } = made;
  return line(`from ${made.started} to ${made.ended}, with ${[...versions, made.python, made.blas].join(", ")}, on ${machine.system}, ${machine.processors} \u00d7 ${machine.processor}`);
}
