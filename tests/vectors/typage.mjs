#!/usr/bin/env node
// age in TypeScript (npm age-encryption) as a command, for the tests:
//
//   typage.mjs MODULES seal [-r RECIPIENT | -p PASSPHRASE] [-a] CONTENT SEALED
//   typage.mjs MODULES open [-i IDENTITY | -p PASSPHRASE] SEALED CONTENT

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const [modules, command, ...rest] = process.argv.slice(2);
const age = await import(pathToFileURL(join(modules, "node_modules/age-encryption/dist/index.js")).href);
const { values, positionals } = parseArgs({
  args: rest,
  allowPositionals: true,
  options: { r: { type: "string", short: "r" }, i: { type: "string", short: "i" }, p: { type: "string", short: "p" }, a: { type: "boolean", short: "a" } },
});
const [from, to] = positionals;
const bytes = new Uint8Array(readFileSync(from));

if (command === "seal") {
  const encrypter = new age.Encrypter();
  encrypter.setScryptWorkFactor(10);
  if (values.r !== undefined) encrypter.addRecipient(values.r);
  if (values.p !== undefined) encrypter.setPassphrase(values.p);
  const sealed = await encrypter.encrypt(bytes);
  writeFileSync(to, values.a ? age.armor.encode(sealed) : sealed);
} else {
  const decrypter = new age.Decrypter();
  if (values.i !== undefined) decrypter.addIdentity(values.i);
  if (values.p !== undefined) decrypter.addPassphrase(values.p);
  const armored = bytes[0] === "-".charCodeAt(0);
  writeFileSync(to, await decrypter.decrypt(armored ? age.armor.decode(new TextDecoder().decode(bytes)) : bytes));
}
