// All points in one call of WebGL 2; or, where a browser has none, one by one.

import "../vendor/picogl.min.js"; // a script of the older kind: it leaves `PicoGL` in the global scope

import { COLORS, css } from "./colors.js";

const { PicoGL } = globalThis;
const VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in float diameter;
layout(location = 2) in float color;
uniform vec2 middle;
uniform vec2 scale;
uniform float growth;
uniform vec3 colors[${COLORS}];
flat out vec3 shade;
flat out float edge;
void main() {
  gl_Position = vec4((place - middle) * scale, 0.0, 1.0);
  gl_PointSize = max(diameter * growth, 1.5);
  edge = 2.0 / gl_PointSize;
  shade = colors[int(color)];
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec3 shade;
flat in float edge;
uniform float strength;
out vec4 pixel;
void main() {
  float far = 2.0 * length(gl_PointCoord - 0.5);
  float alpha = strength * (1.0 - smoothstep(1.0 - edge, 1.0 + 0.5 * edge, far));
  pixel = vec4(shade * alpha, alpha);
}`;

/** Something that draws all points on the canvas; `drawn(camera, colors, strength)`. */
export function pointsOn(canvas, atlas, restored) {
  const wanted = { alpha: true, antialias: false, depth: false, stencil: false, premultipliedAlpha: true };
  const gl = canvas.getContext("webgl2", wanted);
  return gl ? new Points(gl, atlas, restored) : new PlainPoints(canvas, atlas);
}

/** How much larger than at zoom 1 points are: they grow more slowly than the distances between them. */
export const growthAt = (zoom) => Math.min(zoom ** 0.4, 3.2);

class Points {
  constructor(gl, atlas, restored) {
    this.gl = gl;
    this.atlas = atlas;
    this.app = PicoGL.createApp(gl);
    this.app.onContextRestored(() => {
      this.build();
      restored();
    });
    this.build();
  }

  /** Everything that lives on the graphics card; again when it has lost it. */
  build() {
    const { x, y, cluster, diameters, colors, size } = this.atlas;
    const places = new Float32Array(2 * size);
    const widths = new Float32Array(size);
    const shades = new Float32Array(size);
    for (let row = 0; row < size; row += 1) {
      const place = size - 1 - row; // the most frequent last, on top
      places.set([x[row], y[row]], 2 * place);
      widths[place] = diameters[row];
      shades[place] = colors[cluster[row]];
    }
    const { app } = this;
    const array = app.createVertexArray()
      .vertexAttributeBuffer(0, app.createVertexBuffer(PicoGL.FLOAT, 2, places))
      .vertexAttributeBuffer(1, app.createVertexBuffer(PicoGL.FLOAT, 1, widths))
      .vertexAttributeBuffer(2, app.createVertexBuffer(PicoGL.FLOAT, 1, shades));
    app.clearColor(0, 0, 0, 0).enable(PicoGL.BLEND).blendFunc(PicoGL.ONE, PicoGL.ONE_MINUS_SRC_ALPHA);
    this.call = app.createDrawCall(app.createProgram(VERTEX, FRAGMENT), array).primitive(PicoGL.POINTS);
  }

  draw(camera, colors, strength) {
    if (this.gl.isContextLost()) return;
    const { width, height } = this.gl.canvas;
    const scale = [(2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height];
    this.app.viewport(0, 0, width, height).clear();
    this.call
      .uniform("middle", new Float32Array([camera.x, camera.y]))
      .uniform("scale", new Float32Array(scale))
      .uniform("growth", (growthAt(camera.zoom) * width) / camera.width)
      .uniform("colors[0]", new Float32Array(colors.clusters.flat().map((part) => part / 255)))
      .uniform("strength", strength)
      .draw();
  }

  destroy() {
    this.app.onContextRestored(null);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext(); // browsers keep only a few contexts
  }
}

class PlainPoints {
  constructor(canvas, atlas) {
    this.context = canvas.getContext("2d");
    this.atlas = atlas;
  }

  draw(camera, colors, strength) {
    const { context, atlas } = this;
    const { width, height } = context.canvas;
    const ratio = width / camera.width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const shades = colors.clusters.map((color) => css(color, strength));
    for (let row = atlas.size - 1; row >= 0; row -= 1) {
      const [left, top] = camera.toPixels(atlas.x[row], atlas.y[row]);
      const across = atlas.diameters[row] * growthAt(camera.zoom);
      if (!camera.sees(left, top, across)) continue;
      context.fillStyle = shades[atlas.colors[atlas.cluster[row]]];
      context.fillRect(left - across / 2, top - across / 2, across, across);
    }
  }

  destroy() {}
}
