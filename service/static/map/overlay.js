// What lies over the points: lines to the neighbors, rings, and the labels, on a canvas of its own.

import { css } from "./colors.js";
import { growthAt } from "./points.js";

const FONTS = { cluster: "600 13px", word: "400 12.5px", marked: "600 13px", chosen: "700 15px", hovered: "600 14px" };

export class Overlay {
  constructor(canvas, atlas) {
    this.atlas = atlas;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "map-labels";
    this.canvas.setAttribute("aria-hidden", "true");
    canvas.after(this.canvas);
    this.context = this.canvas.getContext("2d");
    this.family = getComputedStyle(canvas).fontFamily;
    this.widths = new Map();
  }

  resize(width, height) {
    Object.assign(this.canvas, { width, height });
  }

  /** Pixels across of a label's text. */
  widthOf({ text, kind }) {
    const key = `${kind} ${text}`;
    if (!this.widths.has(key)) {
      this.context.font = `${FONTS[kind]} ${this.family}`;
      this.widths.set(key, this.context.measureText(text).width);
    }
    return this.widths.get(key);
  }

  /** Measure again, when the page's fonts have come. */
  forget() {
    this.widths.clear();
  }

  draw(camera, colors, { labels, marked, hovered }) {
    const { context, canvas } = this;
    const ratio = canvas.width / camera.width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.colors = colors;
    this.lines(camera, marked);
    for (const row of [...marked].reverse()) this.point(camera, row, row === marked[0]);
    for (const [label, strength] of labels) this.label(label, strength, marked.length > 0);
    if (hovered >= 0) this.hover(camera, hovered);
  }

  lines(camera, [chosen, ...neighbors]) {
    if (!neighbors.length) return;
    const { context, atlas } = this;
    context.strokeStyle = css(this.colors.mark, 0.45);
    context.lineWidth = 1.25;
    context.beginPath();
    for (const row of neighbors) {
      context.moveTo(...camera.toPixels(atlas.x[chosen], atlas.y[chosen]));
      context.lineTo(...camera.toPixels(atlas.x[row], atlas.y[row]));
    }
    context.stroke();
  }

  point(camera, row, strong) {
    const { context, atlas, colors } = this;
    const radius = Math.max((atlas.diameters[row] * growthAt(camera.zoom)) / 2, 3);
    context.beginPath();
    context.arc(...camera.toPixels(atlas.x[row], atlas.y[row]), radius, 0, 2 * Math.PI);
    context.fillStyle = css(colors.clusters[atlas.colors[atlas.cluster[row]]]);
    context.fill();
    context.lineWidth = strong ? 2.5 : 1.5;
    context.strokeStyle = css(strong ? colors.mark : colors.ground);
    context.stroke();
  }

  label({ text, kind, number, x, y }, strength, quietly) {
    const { clusters, ink, quiet } = this.colors;
    const plain = quietly && kind === "word" ? quiet : ink;
    const color = kind === "cluster" ? clusters[this.atlas.colors[number]] : plain;
    this.text(text, kind, x, y, css(color, strength), strength);
  }

  hover(camera, row) {
    const { atlas, colors } = this;
    this.point(camera, row, true);
    const [x, y] = camera.toPixels(atlas.x[row], atlas.y[row]);
    const text = `${atlas.words[row]}  ${atlas.count[row].toLocaleString("en")}\u00d7`;
    const half = this.widthOf({ text, kind: "hovered" }) / 2;
    const above = y > 40 ? y - (atlas.diameters[row] * growthAt(camera.zoom)) / 2 - 16 : y + 24;
    const left = Math.min(Math.max(x, half + 14), camera.width - half - 14);
    this.context.fillStyle = css(colors.ink);
    this.context.beginPath();
    this.context.roundRect(left - half - 9, above - 13, 2 * half + 18, 26, 7);
    this.context.fill();
    this.text(text, "hovered", left, above, css(colors.ground), 0);
  }

  /** A line of text around a point, with a rim of the ground's color as strong as `rim`. */
  text(text, kind, x, y, color, rim) {
    const { context } = this;
    context.font = `${FONTS[kind]} ${this.family}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = css(this.colors.ground, 0.92 * rim);
    if (rim) context.strokeText(text, x, y);
    context.fillStyle = color;
    context.fillText(text, x, y);
  }

  destroy() {
    this.canvas.remove();
  }
}
