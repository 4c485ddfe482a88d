// What part of the map is seen. The map's own coordinates go from -1 to 1 with y upward; pixels are the canvas's CSS
// pixels, from its upper left corner.

export const ZOOM = { least: 0.7, most: 120 };
const FILLED = 0.92; // of the canvas by the map, in the direction that is short of room, at zoom 1
const FARTHEST = 1.1; // that the middle of the view may go

const between = (low, value, high) => Math.min(Math.max(value, low), high);

export class Camera {
  /** @param {[number, number]} reach how far the map goes to each side from its middle, in x and in y */
  constructor(reach) {
    Object.assign(this, { x: 0, y: 0, zoom: 1, width: 1, height: 1, reach });
  }

  /** Pixels for one unit of the map. */
  get scale() {
    return this.scaleAt(this.zoom);
  }

  scaleAt(zoom) {
    const [x, y] = this.reach;
    return zoom * FILLED * Math.min(this.width / x, this.height / y) / 2;
  }

  toPixels(x, y) {
    return [this.width / 2 + (x - this.x) * this.scale, this.height / 2 - (y - this.y) * this.scale];
  }

  toMap(left, top) {
    return [this.x + (left - this.width / 2) / this.scale, this.y - (top - this.height / 2) / this.scale];
  }

  /** Whether a place is seen, or within a margin of pixels around what is. */
  sees(left, top, margin = 0) {
    return left > -margin && top > -margin && left < this.width + margin && top < this.height + margin;
  }

  moveTo(x, y, zoom) {
    this.x = between(-FARTHEST, x, FARTHEST);
    this.y = between(-FARTHEST, y, FARTHEST);
    this.zoom = between(ZOOM.least, zoom, ZOOM.most);
  }

  /** Drag what is seen by so many pixels. */
  pan(right, down) {
    this.moveTo(this.x - right / this.scale, this.y + down / this.scale, this.zoom);
  }

  /** Zoom, so that what is at these pixels stays there. */
  zoomAt(left, top, factor) {
    const [x, y] = this.toMap(left, top);
    const zoom = between(ZOOM.least, this.zoom * factor, ZOOM.most);
    const ratio = this.zoom / zoom;
    this.moveTo(x + (this.x - x) * ratio, y + (this.y - y) * ratio, zoom);
  }
}

/**
 * Where a flight is after a share of its time: the middle goes as fast as the zoom lets it seem.
 * @param {{x: number, y: number, zoom: number}} from
 * @param {{x: number, y: number, zoom: number}} to
 * @param {number} share of the time, from 0 to 1
 */
export function onTheWay(from, to, share) {
  const eased = share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2;
  const zoom = from.zoom * (to.zoom / from.zoom) ** eased;
  const growth = 1 / from.zoom - 1 / to.zoom;
  const gone = Math.abs(growth) < 1e-6 ? eased : (1 / from.zoom - 1 / zoom) / growth;
  return [from.x + (to.x - from.x) * gone, from.y + (to.y - from.y) * gone, zoom];
}
