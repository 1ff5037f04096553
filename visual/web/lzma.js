/* --- LZMA, as its specification has it (Igor Pavlov, public domain): a fifth less than what browsers unpack by
 * themselves, which is what keeps the page small. --- */

/* DATA in the format of .lzma files; SIZE is how long the result is. */
function unpack_lzma(data, size) {
  const out = new Uint8Array(size), lc = data[0] % 9, lp = Math.floor(data[0] / 9) % 5, pb = Math.floor(data[0] / 45);
  /* Where each kind of probability begins. */
  const MATCH = 0, REP = 192, REP0 = 204, REP1 = 216, REP2 = 228, LONG = 240, SLOT = 432, SPECIAL = 688, ALIGN = 816,
    LENGTH = 832, REP_LENGTH = LENGTH + 514, LITERAL = REP_LENGTH + 514;
  const p = new Uint16Array(LITERAL + (0x300 << (lc + lp))).fill(1024);
  let at = 18, range = 0xffffffff, code = 0;
  for (let i = 14; i < 18; i++) code = (code << 8 | data[i]) >>> 0;

  function shift() {
    if (range < 0x1000000) {
      range = range << 8 >>> 0;
      code = (code << 8 | data[at++]) >>> 0;
    }
  }
  function bit(i) {
    const bound = (range >>> 11) * p[i];
    let b = 0;
    if (code < bound) {
      range = bound;
      p[i] += 2048 - p[i] >> 5;
    } else {
      range -= bound;
      code -= bound;
      p[i] -= p[i] >> 5;
      b = 1;
    }
    shift();
    return b;
  }
  function tree(from, bits) {
    let m = 1;
    for (let i = 0; i < bits; i++) m = m << 1 | bit(from + m);
    return m - (1 << bits);
  }
  function reversed(from, bits) {
    let m = 1, value = 0;
    for (let i = 0; i < bits; i++) {
      const b = bit(from + m);
      m = m << 1 | b;
      value |= b << i;
    }
    return value;
  }
  function direct(bits) {
    let value = 0;
    for (; bits; bits--) {
      range >>>= 1;
      const b = code >= range ? 1 : 0;
      if (b) code -= range;
      value = value << 1 | b;
      shift();
    }
    return value;
  }
  /* Less the two that a match has at least. */
  function length(from, place) {
    if (!bit(from)) return tree(from + 2 + place * 8, 3);
    if (!bit(from + 1)) return 8 + tree(from + 130 + place * 8, 3);
    return 16 + tree(from + 258, 8);
  }
  function distance(n) {
    const slot = tree(SLOT + 64 * Math.min(n, 3), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1, high = (2 | slot & 1) << bits;
    if (slot < 14) return high + reversed(SPECIAL + high - slot, bits);
    return high + (direct(bits - 4) << 4) + reversed(ALIGN, 4);
  }

  let n = 0, state = 0, rep = [0, 0, 0, 0];
  while (n < size) {
    const place = n & (1 << pb) - 1;
    if (!bit(MATCH + state * 16 + place)) {
      const from = LITERAL + 0x300 * (((n & (1 << lp) - 1) << lc) + ((n ? out[n - 1] : 0) >> 8 - lc));
      let symbol = 1;
      if (state >= 7)
        for (let like = out[n - rep[0] - 1]; symbol < 256; ) {
          const hint = like >> 7 & 1, b = bit(from + (1 + hint << 8) + symbol);
          like <<= 1;
          symbol = symbol << 1 | b;
          if (b !== hint) break;
        }
      while (symbol < 256) symbol = symbol << 1 | bit(from + symbol);
      out[n++] = symbol;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let count;
    if (!bit(REP + state)) {
      count = length(LENGTH, place);
      rep = [distance(count), rep[0], rep[1], rep[2]];
      state = state < 7 ? 7 : 10;
    } else {
      let again = 0; /* which of the last four distances */
      if (bit(REP0 + state)) again = !bit(REP1 + state) ? 1 : !bit(REP2 + state) ? 2 : 3;
      const one = !again && !bit(LONG + state * 16 + place);
      rep = [rep[again], ...rep.filter((d, i) => i !== again)];
      count = one ? -1 : length(REP_LENGTH, place);
      state = one ? (state < 7 ? 9 : 11) : state < 7 ? 8 : 11;
    }
    for (count += 2; count && n < size; count--, n++) out[n] = out[n - rep[0] - 1];
  }
  return out;
}
