import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Queryable } from "../postgres/queryable.ts";
import type { Failure } from "../failure.ts";
import type { Migration } from "./migration.ts";
import { readMigration } from "./read.ts";
import { refuse, show } from "./refuse.ts";

export type ModuleContext = { client: Queryable; signal: AbortSignal };
export type ModuleStep = (context: ModuleContext) => unknown;
export type LoadedModule = { up: ModuleStep; down?: ModuleStep };

/**
 * Imports a module when its turn comes. Throws invalid source, with the line where it is known, for a file that changed
 * since it was listed, a syntax error, an error at its top level, or exports that aren't functions.
 */
export async function loadModule(migration: Migration): Promise<LoadedModule> {
  const { file } = migration;
  await readMigration(migration);
  // The query keeps a process that lives on from running an older content of the same file out of Node's cache.
  const url = `${pathToFileURL(resolve(file)).href}?${migration.checksum.slice(0, 12)}`;
  const loaded = (await import(url).catch((error: unknown) => {
    throw refuseImport(file, url, error);
  })) as Record<string, unknown>;
  const { up, down } = typeof loaded["up"] === "function" ? loaded : asRecord(loaded["default"]);
  if (typeof up !== "function") {
    throw refuse({ file }, "exports no function up", "Write `export async function up({ client, signal }) { ... }`.");
  }
  if (down === undefined || down === null) return { up: up as ModuleStep };
  if (typeof down !== "function") throw refuse({ file }, "exports down, but it isn't a function", "Make it one.");
  return { up: up as ModuleStep, down: down as ModuleStep };
}

/** The default export of a CommonJS module is its `module.exports`. */
const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

function refuseImport(file: string, url: string, error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const first = message.trim().split("\n")[0] ?? "";
  return refuse(
    { file, line: lineIn(error, url) },
    `can't be loaded: ${show(first)}`,
    "Import it by Node alone to see more: node FILE.",
    error,
  );
}

/** V8 puts the place of a syntax error first, and the frames of an error that was thrown after its message. */
function lineIn(error: unknown, url: string): number | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const bare = url.slice(0, url.lastIndexOf("?"));
  const at = stack.indexOf(bare);
  if (at === -1) return undefined;
  const line = /^[^\s:)]*:(\d+)/.exec(stack.slice(at + bare.length))?.[1];
  return line === undefined ? undefined : Number(line);
}
