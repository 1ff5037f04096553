/* --- Glyphs --- */

const SANS = '"DejaVu Sans", Verdana, system-ui, sans-serif';
const MONO = '"DejaVu Sans Mono", ui-monospace, Menlo, Consolas, monospace';
const desk = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const faces = [];
let coverage;

function use(font) {
  if (desk.font !== font) desk.font = font;
}

function face_open(face, size, mono, bold) {
  const font = `${bold ? "bold " : ""}${size}px ${mono ? MONO : SANS}`;
  use(font);
  const m = desk.measureText("0");
  const ascent = Math.ceil(m.fontBoundingBoxAscent), descent = Math.ceil(m.fontBoundingBoxDescent);
  faces[face] = { font, ascent, fixed: mono ? Math.round(m.width) : 0 };
  return ascent + descent;
}

function glyph_render(face, code, out) {
  const f = faces[face], text = String.fromCodePoint(code);
  use(f.font);
  const m = desk.measureText(text);
  const left = Math.ceil(m.actualBoundingBoxLeft) + 1, up = Math.ceil(m.actualBoundingBoxAscent) + 1;
  let w = left + Math.ceil(m.actualBoundingBoxRight) + 1, h = up + Math.ceil(m.actualBoundingBoxDescent) + 1;
  if (code === 32 || w <= 0 || h <= 0) w = h = 0;
  if (w) {
    desk.canvas.width = Math.max(w, desk.canvas.width);
    desk.canvas.height = Math.max(h, desk.canvas.height);
    use(f.font);
    desk.fillStyle = "#fff";
    desk.fillText(text, left, up);
    coverage = desk.getImageData(0, 0, w, h).data;
  }
  new Int32Array(memory.buffer, out, 5).set([f.fixed || Math.round(m.width), -left, f.ascent - up, w, h]);
}

function glyph_take(at) {
  const to = new Uint8Array(memory.buffer, at, coverage.length / 4);
  for (let i = 0; i < to.length; i++) to[i] = coverage[4 * i + 3];
}
