// What the card is put together from.

import { make } from "../dom.js";

/** A part of the card with its heading. */
export const part = (title, about, ...children) =>
  make("section", { className: "part" }, make("h2", { textContent: title }),
    about && make("p", { className: "quiet", textContent: about }), ...children);

/** Names and values. */
export const list = (pairs, className) => make("dl", { className },
  pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => make("div", {}, make("dt", { textContent: name }), make("dd", {}, value))));

/** What may be wider than a phone scrolls by itself, from the keyboard too. */
export const scrolled = (name, child) =>
  make("div", { className: "scrolled", role: "region", tabIndex: 0, aria: { label: name } }, child);
