/* The page's beginning: its parts are packed, the script too. The policy of the page allows that script by its digest, as
 * it does this one. */

/* What pack.c made of bytes: 7 bits a character, or twice 7 of which the first are barred from a page. */
function unpack_text(text) {
  const barred = [0, 10, 13, 60], bytes = new Uint8Array(text.length * 7 >> 2);
  let held = 0, bits = 0, n = 0;
  const push = group => {
    held = held << 7 | group;
    bits += 7;
    if (bits >= 8) bytes[n++] = held >> (bits -= 8);
    held &= (1 << bits) - 1;
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 128) push(barred[code - 256 >> 7]);
    push(code & 127);
  }
  return bytes;
}

/* The program, the notices of what is in it, the page's style and script. */
const packed = (() => {
  const box = document.getElementById("data"), names = ["code", "notices", "style", "script"];
  const sizes = names.map(name => Number(box.dataset[name]));
  const all = unpack_lzma(unpack_text(box.textContent), sizes.reduce((sum, n) => sum + n));
  let at = 0;
  box.remove();
  return Object.fromEntries(names.map((name, i) => [name, all.subarray(at, at += sizes[i])]));
})();

for (const name of ["style", "script"]) {
  const element = document.createElement(name);
  element.textContent = new TextDecoder().decode(packed[name]);
  document.body.append(element);
}
