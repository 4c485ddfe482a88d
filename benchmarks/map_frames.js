// Run in the page: moves the map in each frame, as a hand would, for so many milliseconds, and gives what it took.
// arguments: the motion, `drag` or `wheel`; milliseconds; whether the points are drawn.

const [motion, lasting, drawing, done] = arguments;
const canvas = document.querySelector(".atlas canvas");
const { left, top, width, height } = canvas.getBoundingClientRect();
const nextFrame = window.requestAnimationFrame.bind(window);
const card = WebGL2RenderingContext.prototype;
const drawn = card.drawArraysInstanced;
const spent = []; // milliseconds of each drawing by the page, handlers of events included
let calls = 0;
let frames = 0;
let handled = 0;

window.requestAnimationFrame = (call) => nextFrame((now) => {
  const began = performance.now();
  call(now);
  spent.push(performance.now() - began + handled);
  handled = 0;
});
card.drawArraysInstanced = function (...given) {
  calls += 1;
  if (drawing) drawn.apply(this, given);
};
canvas.setPointerCapture = () => {}; // there is no such pointer

function point(kind, right, down) {
  const at = { clientX: left + width / 2 + right, clientY: top + height / 2 + down };
  canvas.dispatchEvent(new PointerEvent(kind, { pointerId: 1, pointerType: "mouse", button: 0, bubbles: true, ...at }));
}

const MOTIONS = {
  drag: (frame) => point("pointermove", 0.45 * width * Math.sin(frame / 40), 0.45 * height * Math.sin(frame / 29)),
  wheel: (frame) => canvas.dispatchEvent(new WheelEvent("wheel", { clientX: left + 0.4 * width,
    clientY: top + 0.4 * height, deltaY: -20 * Math.sign(Math.cos(frame / 60)), cancelable: true })), // near, and far again
};

function move() {
  const began = performance.now();
  MOTIONS[motion](frames);
  frames += 1;
  handled = performance.now() - began;
  if (began - start < lasting) return nextFrame(move);
  point("pointerup", 0, 0);
  Object.assign(card, { drawArraysInstanced: drawn });
  window.requestAnimationFrame = nextFrame;
  return done({ frames, calls, spent, seconds: (began - start) / 1000, pixels: [canvas.width, canvas.height] });
}

if (motion === "drag") point("pointerdown", 0, 0);
const start = performance.now();
nextFrame(move);
