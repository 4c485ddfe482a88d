// Mouse, touch, wheel and keyboard, told as what the reader wants: pan, zoom, hover, pick.

const STILL = 5; // pixels that a pointer may wander and still click
const STEP = 70; // pixels for a press of an arrow key
const LINE = 16; // pixels for a line of a wheel that counts lines

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{pan: Function, zoom: Function, home: Function, hover: Function, pick: Function, step: Function}} wishes
 *   pan(right, down); zoom(left, top, factor); home(); hover(left, top, reach) and hover(null) for none; pick() what is
 *   hovered; step() after a press of a key has moved the view
 * @returns {function} that ends it
 */
export function listen(canvas, wishes) {
  const end = new AbortController();
  const on = (name, act, options = {}) => canvas.addEventListener(name, act, { signal: end.signal, ...options });
  const pointers = new Map();
  let wandered = 0;

  const at = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const spread = () => {
    const [[left, top], [right, bottom]] = pointers.values();
    return { middle: [(left + right) / 2, (top + bottom) / 2], distance: Math.hypot(right - left, bottom - top) || 1 };
  };
  const moved = (event) => {
    const [left, top] = at(event);
    const [before, above] = pointers.get(event.pointerId);
    wandered += Math.hypot(left - before, top - above);
    if (pointers.size === 1) {
      pointers.set(event.pointerId, [left, top]);
      if (wandered > STILL) wishes.pan(left - before, top - above);
      return;
    }
    const old = spread();
    pointers.set(event.pointerId, [left, top]);
    const now = spread();
    wishes.pan(now.middle[0] - old.middle[0], now.middle[1] - old.middle[1]);
    wishes.zoom(...now.middle, now.distance / old.distance);
  };

  on("pointerdown", (event) => {
    if (event.button !== 0 || pointers.size === 2) return;
    canvas.setPointerCapture(event.pointerId);
    wandered = pointers.size ? Infinity : 0;
    pointers.set(event.pointerId, at(event));
  });
  on("pointermove", (event) => {
    if (pointers.has(event.pointerId)) moved(event);
    else if (event.pointerType === "mouse" || event.pointerType === "pen") wishes.hover(...at(event), 14);
  });
  on("pointerup", (event) => {
    if (!pointers.delete(event.pointerId) || wandered > STILL) return;
    wishes.hover(...at(event), event.pointerType === "touch" ? 28 : 14);
    wishes.pick();
  });
  on("pointercancel", (event) => pointers.delete(event.pointerId));
  on("pointerleave", () => pointers.size || wishes.hover(null));
  on("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1);
    wishes.zoom(...at(event), Math.exp(-Math.max(-300, Math.min(300, pixels)) * (event.ctrlKey ? 0.01 : 0.0022)));
  }, { passive: false });
  on("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
    const act = {
      ArrowLeft: () => wishes.pan(STEP, 0),
      ArrowRight: () => wishes.pan(-STEP, 0),
      ArrowUp: () => wishes.pan(0, STEP),
      ArrowDown: () => wishes.pan(0, -STEP),
      "+": () => wishes.zoom(...middle, 1.4),
      "=": () => wishes.zoom(...middle, 1.4),
      "-": () => wishes.zoom(...middle, 1 / 1.4),
      0: () => wishes.home(),
      Home: () => wishes.home(),
    }[event.key];
    if (event.key === "Enter") wishes.pick();
    if (!act && event.key !== "Enter") return;
    event.preventDefault();
    act?.();
    if (act) wishes.step();
  });
  return () => end.abort();
}
