// A loss curve as a drawing: a point for each pass over the text.

import { decimals, draw, make } from "./dom.js";

const [WIDTH, HEIGHT] = [640, 220];
const EDGE = { left: 56, right: 20, top: 16, bottom: 34 };

/**
 * @param {number[]} losses of the training text, a number for each pass
 * @param {number[]} heldOut of text that was not trained on, perhaps none
 * @param {number|undefined} ignorance the loss of a model that knows nothing
 */
export function lossCurve(losses, heldOut, ignorance) {
  const all = [...losses, ...heldOut];
  const scale = scaleOf(Math.min(...all), Math.max(...all));
  const x = (place) => EDGE.left + (WIDTH - EDGE.left - EDGE.right) * (losses.length > 1 ? place / (losses.length - 1) : 0.5);
  const y = (loss) => EDGE.top + (HEIGHT - EDGE.top - EDGE.bottom) * ((scale.high - loss) / (scale.high - scale.low));
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": saidOf(losses, heldOut) },
    ...grid(scale, y), ...passes(losses.length, x),
    ...line(losses, x, y, "trained"), ...line(heldOut, x, y, "held-out"));
  return make("figure", { className: "curve" }, svg, make("figcaption", { className: "quiet" },
    saidOf(losses, heldOut), ignorance ? ` A model that knows nothing has ${decimals(ignorance, 2)}.` : ""));
}

function saidOf(losses, heldOut) {
  const fell = `From ${decimals(losses[0], 2)} to ${decimals(losses.at(-1), 2)} in ${losses.length} ` +
    (losses.length === 1 ? "pass." : "passes.");
  return heldOut.length ? `${fell} On text it did not train on: ${decimals(heldOut.at(-1), 2)} (dashed).` : fell;
}

/** A round step, and the rounds of it that enclose everything. */
function scaleOf(least, most) {
  const span = Math.max(most - least, 1e-6);
  const magnitude = 10 ** Math.floor(Math.log10(span));
  const step = [0.2, 0.5, 1, 2].map((factor) => factor * magnitude).find((size) => span / size <= 5) ?? 2 * magnitude;
  return { step, low: Math.floor(least / step) * step, high: Math.ceil(most / step + 1e-9) * step };
}

function grid({ low, high, step }, y) {
  const lines = Math.round((high - low) / step) + 1;
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  return Array.from({ length: lines }, (_, place) => low + place * step).flatMap((loss) => [
    draw("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(loss), y2: y(loss), class: "rule" }),
    label(EDGE.left - 10, y(loss) + 4, decimals(loss, digits), "end"),
  ]);
}

function passes(count, x) {
  const every = Math.ceil(count / 10);
  return Array.from({ length: count }, (_, place) => place).filter((place) => place % every === 0)
    .map((place) => label(x(place), HEIGHT - 10, String(place + 1), "middle"));
}

function label(x, y, text, anchor) {
  const element = draw("text", { x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}

function line(losses, x, y, name) {
  if (!losses.length) return [];
  const points = losses.map((loss, place) => `${x(place)},${y(loss)}`).join(" ");
  return [draw("polyline", { points, class: name }),
    ...losses.map((loss, place) => draw("circle", { cx: x(place), cy: y(loss), r: 3.5, class: name }))];
}
