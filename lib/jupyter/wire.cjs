// The Jupyter wire format, for both ends: our kernel and our client.
//
// A message is a list of frames: routing prefixes, a delimiter, a
// signature, then four JSON objects. Whoever does not hold the key of the
// connection file cannot make a message that passes the signature, so a
// frame list that fails it is refused, not repaired.
'use strict';

const crypto = require('node:crypto');

const DELIMITER = Buffer.from('<IDS|MSG>');
const VERSION = '5.3';

/** A new header; `session` names the end that writes it. */
function header(msg_type, session) {
  return {
    msg_id: crypto.randomUUID(),
    msg_type,
    session,
    username: 'freelist',
    date: new Date().toISOString(),
    version: VERSION,
  };
}

function sign(key, parts) {
  if (!key) return '';
  const hmac = crypto.createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest('hex');
}

/** Frames of a message; what is not given is an empty object. */
function encode(key, message) {
  const parts = [
    message.header,
    message.parent_header ?? {},
    message.metadata ?? {},
    message.content ?? {},
  ].map((part) => Buffer.from(JSON.stringify(part)));
  return [...(message.idents ?? []), DELIMITER, sign(key, parts), ...parts];
}

/** The message in these frames; throws if it is cut short or not ours. */
function decode(key, frames) {
  const at = frames.findIndex((frame) => DELIMITER.equals(frame));
  if (at < 0 || frames.length < at + 6) {
    throw new Error('a Jupyter message without its delimiter or parts');
  }
  const parts = frames.slice(at + 2, at + 6);
  const given = Buffer.from(frames[at + 1]);
  const own = Buffer.from(sign(key, parts));
  if (given.length !== own.length || !crypto.timingSafeEqual(given, own)) {
    throw new Error('a Jupyter message with a wrong signature');
  }
  const [head, parent_header, metadata, content] = parts.map((part) =>
    JSON.parse(part.toString()),
  );
  const idents = frames.slice(0, at);
  return { idents, header: head, parent_header, metadata, content };
}

/** Where a channel (`shell`, `iopub`, …) of a connection file listens. */
function address(connection, channel) {
  const port = connection[`${channel}_port`];
  return connection.transport === 'ipc'
    ? `ipc://${connection.ip}-${port}`
    : `${connection.transport}://${connection.ip}:${port}`;
}

module.exports = { address, decode, encode, header };
