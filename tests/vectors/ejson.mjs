#!/usr/bin/env node
// An ejson writer of other people's parts, for the tests: NaCl boxes by tweetnacl, the rules of the reference by a tokenizer of its own.
//
//   ejson.mjs MODULES keygen                  "PUBLIC PRIVATE", hexadecimal
//   ejson.mjs MODULES seal < CLEAR > SEALED   every string value but those whose last key begins with an underscore

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, command] = process.argv.slice(2);
const nacl = createRequire(join(modules, "package.json"))("tweetnacl");

if (command === "keygen") {
  const pair = nacl.box.keyPair();
  console.log(Buffer.from(pair.publicKey).toString("hex"), Buffer.from(pair.secretKey).toString("hex"));
} else if (command === "seal") {
  const text = readFileSync(0, "utf8");
  const owner = Buffer.from(JSON.parse(text)._public_key, "hex");
  const sender = nacl.box.keyPair();
  const base64 = (bytes) => Buffer.from(bytes).toString("base64");
  let last = "";
  // A string, and the colon behind it if it is a key.
  const sealed = text.replace(/("(?:[^"\\]|\\.)*")(\s*:)?/gs, (all, quoted, colon) => {
    const value = JSON.parse(quoted);
    if (colon !== undefined) {
      last = value;
      return all;
    }
    if (last.startsWith("_")) return all;
    const nonce = nacl.randomBytes(24);
    const box = nacl.box(Buffer.from(value), nonce, owner, sender.secretKey);
    return `"EJ[1:${base64(sender.publicKey)}:${base64(nonce)}:${base64(box)}]"`;
  });
  process.stdout.write(sealed);
} else {
  console.error("usage: ejson.mjs MODULES keygen|seal");
  process.exit(2);
}
