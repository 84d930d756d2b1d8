// Writes events of a Node program to contend: NDJSON on the Unix socket that CONTEND_SOCK names.
const net = require("net");

const socket = process.env.CONTEND_SOCK ? net.connect(process.env.CONTEND_SOCK) : null;
if (socket) socket.on("error", () => {}); // A program runs on without its observer.
const now = () => process.hrtime.bigint().toString(); // CLOCK_MONOTONIC in nanoseconds
let dropped = 0;

function write(fields, t) {
  const line = JSON.stringify(fields).slice(0, -1) + (t ? `,"t":${t}}` : "}") + "\n";
  // Never wait for contend: count what does not fit and say so later.
  if (!socket || socket.writableLength > 1 << 20) dropped += 1;
  else if (dropped) socket.write(`{"ev":"drop","n":${dropped}}\n` + line, (dropped = 0));
  else socket.write(line);
}

exports.hello = () => write({ cv: 1, ev: "hello", pid: process.pid, ppid: process.ppid, lang: "node",
  ver: process.versions.node, clock: "mono", argv: process.argv.slice(1) }, now());
exports.lane = (id, name) => write({ ev: "lane", id, tid: process.pid, name });
exports.object = (id, what, name, site) => write({ ev: "obj", id, what, name, site, scope: "user" });
exports.event = (lane, kind, object, more = {}) => write({ l: lane, k: kind, o: object, ...more }, now());
exports.bye = (code = 0) => { write({ ev: "bye", code }); if (socket) socket.end(); };

if (require.main === module) {
  const lane = `${process.pid}.1`, queue = `${process.pid}.2`;
  exports.hello();
  exports.lane(lane, "main");
  exports.object(queue, "queue", "jobs", "emit.js:29");
  exports.event(lane, "begin", lane);
  for (let depth = 1; depth <= 5; depth++) exports.event(lane, "put", queue, { d: depth });
  for (let depth = 4; depth >= 0; depth--) exports.event(lane, "got", queue, { d: depth });
  exports.event(lane, "end", lane);
  exports.bye();
}
