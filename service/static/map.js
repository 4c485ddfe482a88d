// The map of the vocabulary: tens of thousands of words as points, drawn by WebGL, with labels that never overlap.

import { Atlas } from "./map/atlas.js";
import { Camera, onTheWay, ZOOM } from "./map/camera.js";
import { addButtons } from "./map/buttons.js";
import { readColors, watchColors } from "./map/colors.js";
import { listen } from "./map/gestures.js";
import { Labels } from "./map/labels.js";
import { Overlay } from "./map/overlay.js";
import { pointsOn } from "./map/points.js";
import { describe } from "./map/text.js";

const FLIGHT = 750; // milliseconds
const STRENGTH = { all: 0.85, faint: 0.3 }; // of points, and of those around marked ones

/**
 * Draw a map.
 * @param {HTMLCanvasElement} canvas drawn on by no other; its parent is positioned, and also gets the labels
 * @param {object} data what `/api/v1/models/{model}/map` answers
 * @param {{onPick?: function(string), onHover?: function(?string)}} told of the word that is clicked, of the word under
 *   the pointer or in the middle after a press of a key, and of null for none
 * @returns {{highlight: function(string[]): number, find: function(string): boolean,
 *   placeOf: function(string): ?number[], look: function(): object, resize: function(), destroy: function()}}
 *   see the methods of Drawing
 */
export function createMap(canvas, data, told = {}) {
  const drawing = new Drawing(canvas, new Atlas(data), told);
  const names = ["highlight", "find", "placeOf", "look", "resize", "destroy"];
  return Object.fromEntries(names.map((name) => [name, (...given) => drawing[name](...given)]));
}

class Drawing {
  constructor(canvas, atlas, { onPick = () => {}, onHover = () => {} }) {
    Object.assign(this, { canvas, atlas, onPick, onHover, marked: [], hovered: -1, flight: null, frame: 0, seen: 0 });
    this.camera = new Camera(atlas.reach);
    this.list = describe(canvas, atlas);
    this.buttons = addButtons(canvas, {
      nearer: () => this.flyBy(2),
      farther: () => this.flyBy(1 / 2),
      home: () => this.fly({ x: 0, y: 0, zoom: 1 }),
    });
    this.overlay = new Overlay(canvas, atlas);
    this.labels = new Labels(atlas, (label) => this.overlay.widthOf(label));
    this.points = pointsOn(canvas, atlas, () => this.redraw());
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.ends = [this.listenToReader(), watchColors(() => this.recolor())];
    document.fonts.ready.then(() => {
      this.overlay.forget();
      this.redraw();
    });
    this.recolor();
    this.resize();
  }

  listenToReader() {
    const view = (change) => (...given) => {
      this.flight = null;
      change(...given);
      this.redraw();
    };
    return listen(this.canvas, {
      pan: view((right, down) => this.camera.pan(right, down)),
      zoom: view((left, top, factor) => this.camera.zoomAt(left, top, factor)),
      home: () => this.fly({ x: 0, y: 0, zoom: 1 }),
      hover: (left, top, reach) => this.hover(left === null ? -1 : this.rowAt(left, top, reach)),
      pick: () => this.hovered >= 0 && this.onPick(this.atlas.words[this.hovered]),
      step: () => this.hover(this.rowAt(this.camera.width / 2, this.camera.height / 2, Infinity)),
    });
  }

  /** Mark words: the first is the chosen one, with lines to the others; returns how many stand on the map. */
  highlight(words) {
    this.marked = words.map((word) => this.atlas.rows.get(word)).filter((row) => row !== undefined);
    this.redraw();
    return this.marked.length;
  }

  /** Fly to a word, as near as its marked neighbors allow; false where it does not stand on the map. */
  find(word) {
    const row = this.atlas.rows.get(word);
    if (row === undefined) return false;
    const [x, y] = [this.atlas.x[row], this.atlas.y[row]];
    this.fly({ x, y, zoom: this.zoomAround(x, y) });
    return true;
  }

  /** The pixels of the canvas at which a word stands, seen or not; null where it is not on the map. */
  placeOf(word) {
    const row = this.atlas.rows.get(word);
    return row === undefined ? null : this.camera.toPixels(this.atlas.x[row], this.atlas.y[row]);
  }

  /** What is seen: the middle and the zoom, the hovered and the marked words, and the labels. */
  look() {
    const { x, y, zoom } = this.camera;
    const words = this.atlas.words;
    return {
      x, y, zoom,
      hovered: words[this.hovered] ?? null,
      marked: this.marked.map((row) => words[row]),
      labels: this.labels.placed.map(({ text, kind, box }) => ({ text, kind, ...box })),
      still: this.frame === 0,
    };
  }

  /** Fit the drawing to the size of the canvas on the page. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    const size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    Object.assign(this.camera, { width, height });
    Object.assign(this.canvas, size);
    this.overlay.resize(size.width, size.height);
    this.redraw();
  }

  /** Leave the page as it was, but for the canvas, which cannot be drawn on again. */
  destroy() {
    cancelAnimationFrame(this.frame);
    this.gone = true;
    for (const end of this.ends) end();
    this.points.destroy();
    this.overlay.destroy();
    this.list.remove();
    this.buttons.remove();
  }

  rowAt(left, top, reach) {
    const labeled = reach === Infinity ? -1 : this.labels.at(left, top);
    if (labeled >= 0) return labeled;
    return this.atlas.nearest(...this.camera.toMap(left, top), reach / this.camera.scale);
  }

  hover(row) {
    if (row === this.hovered) return;
    this.hovered = row;
    this.canvas.style.cursor = row >= 0 ? "pointer" : "";
    this.onHover(this.atlas.words[row] ?? null);
    this.redraw();
  }

  /** The zoom at which more than half of the marked words are seen around a place. */
  zoomAround(x, y) {
    const distances = this.marked.map((row) => Math.hypot(this.atlas.x[row] - x, this.atlas.y[row] - y));
    const most = distances.sort((a, b) => a - b)[Math.floor(0.6 * distances.length)];
    const zoom = most ? (0.38 * Math.min(this.camera.width, this.camera.height)) / most / this.camera.scaleAt(1) : 6;
    return Math.min(Math.max(zoom, 1.6), 24);
  }

  flyBy(factor) {
    const { x, y, zoom } = this.flight?.to ?? this.camera;
    this.fly({ x, y, zoom: Math.min(Math.max(zoom * factor, ZOOM.least), ZOOM.most) });
  }

  fly(to) {
    if (this.calm.matches) this.camera.moveTo(to.x, to.y, to.zoom);
    else this.flight = { from: { x: this.camera.x, y: this.camera.y, zoom: this.camera.zoom }, to, began: null };
    this.redraw();
  }

  recolor() {
    this.colors = readColors(this.canvas.parentElement);
    this.redraw();
  }

  redraw() {
    if (!this.frame && !this.gone) this.frame = requestAnimationFrame((now) => this.draw(now));
  }

  draw(now) {
    const passed = this.calm.matches ? Infinity : Math.min(now - this.seen, 50);
    this.frame = 0;
    this.seen = now;
    this.advance(now);
    const labels = this.labels.fade(this.labels.place(this.camera, this.marked), this.camera, passed);
    this.points.draw(this.camera, this.colors, this.marked.length ? STRENGTH.faint : STRENGTH.all);
    this.overlay.draw(this.camera, this.colors, { labels: labels.drawn, marked: this.marked, hovered: this.hovered });
    if (labels.moving || this.flight) this.redraw();
  }

  /** Go on with the flight, if there is one. */
  advance(now) {
    if (!this.flight) return;
    this.flight.began ??= now;
    const share = Math.min((now - this.flight.began) / FLIGHT, 1);
    this.camera.moveTo(...onTheWay(this.flight.from, this.flight.to, share));
    if (share === 1) this.flight = null;
  }
}
