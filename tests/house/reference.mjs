// The generated part of grammar/README.md: kinds, parts, sources and functions, as
// `mlstackc explain --reference` prints them from the tables that check and lower programs.
//   node reference.mjs --write      writes it between the marks
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve, dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const root = process.env.MLSTACK_SOURCE_DIR ?? resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const mlstackc = process.env.MLSTACKC ?? join(root, "build/release/bin/mlstackc");
export const page = join(root, "grammar/README.md");

const begin = "<!-- reference: made by the target `reference` -->";
const end = "<!-- /reference -->";

/// `text` with today's reference between its marks; null when it has none.
export function withReference(text) {
  const from = text.indexOf(begin), to = text.indexOf(end);
  if (from < 0 || to < from) return null;
  const made = execFileSync(mlstackc, ["explain", "--reference"], { encoding: "utf8" });
  return `${text.slice(0, from + begin.length)}\n\n${made.trimEnd()}\n\n${text.slice(to)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === "--write") {
  const made = withReference(readFileSync(page, "utf8"));
  if (made === null) throw new Error(`${page} has no line ${begin}`);
  writeFileSync(page, made);
}
