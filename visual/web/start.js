/* The page's beginning: its parts are packed, the script too. The policy of the page allows that script by its digest, as
 * it does this one. */

/* What pack.c made of bytes: 7 bits a character, or 7 that are barred from a page and 8 more. */
function unpack_text(text) {
  const barred = [0, 10, 13, 60, 1, 2, 3], bytes = new Uint8Array(text.length * 2);
  let held = 0, bits = 0, n = 0;
  const push = (group, more) => {
    held = held << more | group;
    bits += more;
    if (bits >= 8) bytes[n++] = held >> (bits -= 8);
    held &= (1 << bits) - 1;
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) - 128;
    if (code < 0) push(code & 127, 7);
    else push(barred[code >> 8], 7), push(code & 255, 8);
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
