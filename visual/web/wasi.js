/* --- What wasi-libc asks of its host: the files that were dropped on the page, a console, a clock. Numbers are the
 * specification's (wasi_snapshot_preview1). --- */

const OK = 0, EBADF = 8, EIO = 29, ENOENT = 44, ENOSYS = 52;
const ROOT = 3, DIRECTORY = 3, REGULAR = 4;
const files = new Map(); /* name → { bytes, size }: the beginning of a file, and how long the whole is */
const opened = new Map(); /* descriptor → { file, at } */
let console_text = ""; /* the end of what was written to standard output and error */

const data = () => new DataView(memory.buffer);
const bytes = () => new Uint8Array(memory.buffer);

/* The parts of memory that the vectors at IOVS name. */
function* vectors(iovs, count) {
  for (let i = 0; i < count; i++)
    yield new Uint8Array(memory.buffer, data().getUint32(iovs + 8 * i, true), data().getUint32(iovs + 8 * i + 4, true));
}

/* From AT of FILE; what of it was not loaded cannot be read. */
function read_file(file, at, iovs, count, out) {
  let n = 0;
  for (const to of vectors(iovs, count)) {
    if (Math.min(at + n + to.length, file.size) > file.bytes.length) return EIO;
    const part = file.bytes.subarray(at + n, at + n + to.length);
    to.set(part);
    n += part.length;
  }
  data().setUint32(out, n, true);
  return OK;
}

function put_status(out, file) {
  bytes().fill(0, out, out + 64);
  data().setUint8(out + 16, file ? REGULAR : DIRECTORY);
  data().setBigUint64(out + 32, BigInt(file ? file.size : 0), true);
  return OK;
}

const file_named = (at, n) => files.get(decoder.decode(bytes().subarray(at, at + n)));

const wasi_calls = {
  fd_write(fd, iovs, count, out) {
    let n = 0;
    for (const part of vectors(iovs, count)) {
      console_text = (console_text + decoder.decode(part)).slice(-2000);
      n += part.length;
    }
    data().setUint32(out, n, true);
    return OK;
  },
  fd_prestat_get(fd, out) {
    if (fd !== ROOT) return EBADF;
    data().setUint32(out, 0, true);
    data().setUint32(out + 4, 1, true);
    return OK;
  },
  fd_prestat_dir_name(fd, at) {
    bytes()[at] = 0x2f;
    return OK;
  },
  fd_fdstat_get(fd, out) {
    if (fd !== ROOT && !opened.has(fd)) return EBADF;
    bytes().fill(0, out, out + 24);
    data().setUint8(out, fd === ROOT ? DIRECTORY : REGULAR);
    data().setBigUint64(out + 8, ~0n, true);
    data().setBigUint64(out + 16, ~0n, true);
    return OK;
  },
  fd_fdstat_set_flags: () => OK,
  path_open(dir, flags, at, n, oflags, rights, inheriting, fdflags, out) {
    const file = file_named(at, n);
    if (!file) return ENOENT;
    let fd = ROOT + 1;
    while (opened.has(fd)) fd++;
    opened.set(fd, { file, at: 0 });
    data().setUint32(out, fd, true);
    return OK;
  },
  path_filestat_get(dir, flags, at, n, out) {
    const file = file_named(at, n);
    return file ? put_status(out, file) : ENOENT;
  },
  fd_filestat_get(fd, out) {
    const f = opened.get(fd);
    return fd === ROOT ? put_status(out, null) : f ? put_status(out, f.file) : EBADF;
  },
  fd_read(fd, iovs, count, out) {
    const f = opened.get(fd), error = f ? read_file(f.file, f.at, iovs, count, out) : EBADF;
    if (error === OK) f.at += data().getUint32(out, true);
    return error;
  },
  fd_pread(fd, iovs, count, at, out) {
    const f = opened.get(fd);
    return f ? read_file(f.file, Number(at), iovs, count, out) : EBADF;
  },
  fd_seek(fd, offset, whence, out) {
    const f = opened.get(fd);
    if (!f) return EBADF;
    f.at = Number(offset) + [0, f.at, f.file.size][whence];
    data().setBigUint64(out, BigInt(f.at), true);
    return OK;
  },
  fd_close: fd => opened.delete(fd) ? OK : EBADF,
  clock_time_get(id, precision, out) {
    data().setBigUint64(out, BigInt(Math.round(performance.now() * 1e6)), true);
    return OK;
  },
  proc_exit(status) {
    throw new Error(`the program ended with status ${status}`);
  },
};
/* What it asks besides has no meaning here. */
const wasi_snapshot_preview1 = new Proxy(wasi_calls, { get: (calls, name) => calls[name] || (() => ENOSYS) });
