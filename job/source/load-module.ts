import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Queryable } from "../postgres/queryable.ts";
import type { Failure } from "../failure.ts";
import type { Migration } from "./migration.ts";
import { readMigration } from "./read.ts";
import { refuse, show } from "./refuse.ts";

const CHECK_MS = 10_000;

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
  const { importModule } = await import("./import-module.ts");
  const loaded = (await importModule(url).catch(async (error: unknown) => {
    throw await refuseImport(file, url, error);
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

async function refuseImport(file: string, url: string, error: unknown): Promise<Failure> {
  const message = error instanceof Error ? error.message : String(error);
  const first = message.trim().split("\n")[0] ?? "";
  const line = lineIn(error, url) ?? (error instanceof SyntaxError ? await lineByCheck(file) : undefined);
  return refuse(
    { file, line },
    `can't be loaded: ${show(first)}`,
    "Repair the module; importing it by Node alone shows more.",
    error,
  );
}

/** The stack of a TypeScript error begins with the place; an error that was thrown has it in its frames. */
function lineIn(error: unknown, url: string): number | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const bare = url.slice(0, url.lastIndexOf("?"));
  return lineAfter(stack, bare) ?? lineAfter(stack, fileURLToPath(bare));
}

/** For the syntax error of an imported JavaScript module V8 keeps the place to itself; Node tells it only on its way out. */
async function lineByCheck(file: string): Promise<number | undefined> {
  const path = resolve(file);
  // Loaded here: it takes longer to load than most of what a run needs.
  const { execFile } = await import("node:child_process");
  const { stderr } = await promisify(execFile)(process.execPath, ["--check", path], { timeout: CHECK_MS }).catch(
    (error: { stderr?: string }) => ({ stderr: error.stderr ?? "" }),
  );
  return lineAfter(stderr, pathToFileURL(path).href) ?? lineAfter(stderr, path);
}

function lineAfter(text: string, place: string): number | undefined {
  const at = text.indexOf(place);
  const line = at === -1 ? undefined : /^(?:\?[0-9a-f]+)?:(\d+)/.exec(text.slice(at + place.length))?.[1];
  return line === undefined ? undefined : Number(line);
}
