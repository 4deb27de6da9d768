#!/usr/bin/env node
// Brings the C2SP/CCTV age vectors (npm package cctv-age) and the foreign implementations into a directory outside the tree:
//
//   fetch.mjs DIRECTORY    node_modules/ as package-lock.json pins it, and cctv/NAME.head, cctv/NAME.age per vector
//
// NAME.head holds the vector's `key: value` lines, NAME.age the file, inflated where the vector says `compressed: zlib`.
// Exit 77, which ctest calls a skip, when there is no npm or no registry; with CI=true that is a failure.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inflateSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
if (process.argv.length !== 3) {
  console.error("usage: fetch.mjs DIRECTORY");
  process.exit(2);
}
const directory = resolve(process.argv[2]);
mkdirSync(directory, { recursive: true });

const lock = readFileSync(join(here, "package-lock.json"), "utf8");
const fetched = () => {
  try {
    return readFileSync(join(directory, "fetched.json"), "utf8") === lock;
  } catch {
    return false;
  }
};

if (!fetched()) {
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(here, file), join(directory, file));
  try {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: directory, stdio: ["ignore", 2, 2] });
  } catch (error) {
    console.error(`SKIPPED: npm could not fetch the vectors (${error.code ?? "npm failed"}): is there npm, and a registry?`);
    process.exit(process.env.CI === "true" ? 1 : 77);
  }
  const vectors = await import(pathToFileURL(join(directory, "node_modules/cctv-age/index.js")).href);
  rmSync(join(directory, "cctv"), { recursive: true, force: true });
  mkdirSync(join(directory, "cctv"));
  for (const [name, bytes] of Object.entries(vectors)) {
    const whole = Buffer.from(bytes);
    const end = whole.indexOf("\n\n");
    const head = whole.subarray(0, end + 1);
    const body = whole.subarray(end + 2);
    const compressed = /^compressed: zlib$/m.test(head.toString("latin1"));
    writeFileSync(join(directory, "cctv", `${name}.head`), head);
    writeFileSync(join(directory, "cctv", `${name}.age`), compressed ? inflateSync(body) : body);
  }
  writeFileSync(join(directory, "fetched.json"), lock);
}
