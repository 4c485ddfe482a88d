// Which labels stand where: the most deserving first, none over another. They come and go softly.

import { growthAt } from "./points.js";

const CELL = 64; // pixels of the grid that finds overlaps
const WIDEST = 4096; // cells of a row of it, far more than are ever seen
const ROOM = 11_000; // square pixels for one word; a map full of words is read by nobody
const TRIED = 20; // words for each that may have a label: where so many find no room, all others would hardly find any
const CLUSTERS_UNTIL = 5; // the zoom at which the names of clusters have given way to words
const FADE = 180; // milliseconds

/** Rectangles on a grid, so that each is compared with the few near it. */
class Taken {
  constructor() {
    this.cells = new Map();
  }

  keys({ left, top, right, bottom }) {
    const keys = [];
    for (let row = Math.floor(top / CELL); row <= Math.floor(bottom / CELL); row += 1) {
      for (let column = Math.floor(left / CELL); column <= Math.floor(right / CELL); column += 1) keys.push(row * WIDEST + column);
    }
    return keys;
  }

  /** Take the place of a box, unless another has a part of it. */
  take(box) {
    const keys = this.keys(box);
    const over = (other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom;
    if (keys.some((key) => this.cells.get(key)?.some(over))) return false;
    for (const key of keys) this.cells.set(key, [...(this.cells.get(key) ?? []), box]);
    return true;
  }
}

export class Labels {
  constructor(atlas, widthOf) {
    Object.assign(this, { atlas, widthOf, strengths: new Map(), placed: [] });
  }

  /**
   * Place the labels of a view.
   * @param {Camera} camera
   * @param {number[]} marked rows whose labels come first
   * @returns {{key: string, text: string, kind: string, row: number, x: number, y: number}[]} most deserving first;
   *   x and y are pixels, the middle of the text's line; row is -1 for a cluster
   */
  place(camera, marked) {
    const taken = new Taken();
    if (marked.length) taken.take(this.boxOf(marked[0], camera)); // the chosen point itself stays free
    const found = [];
    const wanted = this.wanted(camera, marked);
    let words = Math.round((camera.width * camera.height) / ROOM);
    let tries = TRIED * words;
    for (const label of wanted) {
      if (label.kind === "word" && (words <= 0 || tries <= 0)) break;
      if (label.kind === "word") tries -= 1;
      if (!camera.sees(label.x, label.y, -4) || !this.settle(label, taken, camera)) continue;
      found.push(label);
      if (label.kind === "word") words -= 1;
    }
    this.placed = found;
    return found;
  }

  /** Give a label its box, a marked one on whichever side of its point there is room; false where there is none. */
  settle(label, taken, { width }) {
    const half = this.widthOf(label) / 2 + 5;
    const inside = (x) => Math.min(Math.max(x, half), width - half);
    if (label.kind === "word" && inside(label.x) !== label.x) return false;
    const tall = label.kind === "cluster" ? 11 : 9;
    const { above } = label;
    const asides = label.kind === "marked" ? [[0, 0], [0, 2 * above], [half + above - 4, above], [-half - above + 4, above]] : [[0, 0]];
    for (const [right, down] of asides) {
      const [x, y] = [inside(label.x + right), label.y + down];
      label.box = { left: x - half, right: x + half, top: y - tall, bottom: y + tall };
      if (!taken.take(label.box)) continue;
      Object.assign(label, { x, y });
      return true;
    }
    return false;
  }

  boxOf(row, camera) {
    const { x, y, above } = this.labelOf(row, camera, "chosen");
    const half = above - 9;
    return { left: x - half, right: x + half, top: y + 9.5, bottom: y + above + half };
  }

  *wanted(camera, marked) {
    for (const [place, row] of marked.entries()) yield this.labelOf(row, camera, place === 0 ? "chosen" : "marked");
    if (camera.zoom < CLUSTERS_UNTIL) yield* this.clusters(camera);
    const known = new Set(marked);
    const { x, y, order } = this.atlas;
    const [left, top] = camera.toMap(0, 0);
    const [right, bottom] = camera.toMap(camera.width, camera.height);
    for (const row of order) { // of tens of thousands, in every frame
      const seen = x[row] > left && x[row] < right && y[row] > bottom && y[row] < top;
      if (seen && !known.has(row)) yield this.labelOf(row, camera, "word");
    }
  }

  *clusters(camera) {
    for (const [number, names] of this.atlas.names.entries()) {
      const [x, y] = camera.toPixels(...this.atlas.middles[number]);
      yield { key: `cluster ${number}`, text: names.slice(0, 2).join(", "), kind: "cluster", row: -1, number, x, y };
    }
  }

  labelOf(row, camera, kind) {
    const { atlas } = this;
    const [x, y] = camera.toPixels(atlas.x[row], atlas.y[row]);
    const above = (atlas.diameters[row] * growthAt(camera.zoom)) / 2 + 9;
    return { key: `word ${row}`, text: atlas.words[row], kind, row, number: atlas.cluster[row], x, y: y - above, above };
  }

  /** The word whose label is at these pixels, or -1. */
  at(left, top) {
    const hit = ({ row, box }) => row >= 0 && left > box.left && left < box.right && top > box.top && top < box.bottom;
    return this.placed.find(hit)?.row ?? -1;
  }

  /**
   * How strongly each label is to be drawn now, those that are going away too.
   * @returns {{drawn: [object, number][], moving: boolean}} whether it will be different a moment later
   */
  fade(labels, camera, passed) {
    const next = new Map(labels.map((label) => [label.key, label]));
    const step = passed / FADE;
    let moving = false;
    for (const [key, seen] of this.strengths) {
      if (!next.has(key)) seen.strength -= step;
      if (seen.strength <= 0) this.strengths.delete(key);
    }
    for (const [key, label] of next) {
      const strength = (this.strengths.get(key)?.strength ?? 0) + step;
      this.strengths.set(key, { label, strength: Math.min(1, strength) });
    }
    const drawn = [];
    for (const [key, { label, strength }] of this.strengths) {
      const going = !next.has(key);
      moving ||= going || strength < 1;
      drawn.push([going ? this.moved(label, camera) : label, strength]);
    }
    return { drawn, moving };
  }

  /** A label that goes away, where it belongs by now. */
  moved(label, camera) {
    if (label.row >= 0) return this.labelOf(label.row, camera, label.kind);
    const [x, y] = camera.toPixels(...this.atlas.middles[label.number]);
    return { ...label, x, y };
  }
}
