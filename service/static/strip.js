// A vector as a strip: a bar for each number, up or down. Not to be read, but two words' strips can be compared.

import { decimals, draw, make } from "./dom.js";

const HEIGHT = 28;

/** @param {number[]} vector D numbers */
export function strip(vector) {
  const largest = Math.max(...vector.map(Math.abs)) || 1;
  const bars = vector.map((number, place) => {
    const height = (Math.abs(number) / largest) * (HEIGHT / 2);
    return draw("rect", { x: place * 3, y: number > 0 ? HEIGHT / 2 - height : HEIGHT / 2, width: 2, height,
      class: number > 0 ? "up" : "down" });
  });
  const drawn = draw("svg", { viewBox: `0 0 ${vector.length * 3} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
    "aria-label": `Its vector: ${vector.length} numbers from ${decimals(Math.min(...vector))} to ` +
      decimals(Math.max(...vector)) }, ...bars);
  return make("figure", { className: "strip" }, drawn,
    make("figcaption", { textContent: `its vector, ${vector.length} numbers` }));
}
