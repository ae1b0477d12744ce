/**
 * Takes each rule away in turn and looks whether somebody notices. Prints a line of JSON for the code as it is (`rule` null)
 * and for each rule: what broke, or null. A process of its own: it loads the operator's modules some fifty times.
 */
import { registerHooks } from "node:module";

import type * as sequences from "../../../operator/gate/sequence.fixture.ts";
import type * as scenes from "./scenes.ts";
import { generator } from "../random.ts";
import { RULES } from "./rules.ts";
import type { Rule } from "./rules.ts";

const ROOT = new URL("../../../", import.meta.url);
/** Of random rollouts, for each rule; the first is told by the argument. */
const SEQUENCES = 300;
const first = Number(process.argv[2] ?? 1);

/** Modules of the operator, and those beside this one, are loaded anew for each: it goes from importer to imported. */
const OURS = /\/(operator|gate-rules)\/[^?]*\.ts$/;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const query = context.parentURL?.match(/\?rule=-?\d+$/)?.[0];
    return query !== undefined && OURS.test(found.url) ? { ...found, url: `${found.url}${query}` } : found;
  },
  load(url, context, next) {
    const loaded = next(url, context);
    const rule = RULES[Number(/\?rule=(\d+)$/.exec(url)?.[1] ?? -1)];
    if (rule === undefined || new URL(rule.file, ROOT).pathname !== new URL(url).pathname) return loaded;
    return { ...loaded, source: without(rule, textOf(loaded.source)) };
  },
});

const textOf = (source: unknown): string =>
  typeof source === "string" ? source : new TextDecoder().decode(source as Uint8Array);

function without({ rule, file, from, to }: Rule, source: string): string {
  const [before, after, ...more] = source.split(from);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`${rule}: ${JSON.stringify(from)} isn't in ${file} once`);
  }
  return `${before}${to}${after}`;
}

/** What broke; null for nothing. */
async function broken(index: number): Promise<string | null> {
  const load = async <T>(file: string): Promise<T> => (await import(`${new URL(file, ROOT).href}?rule=${index}`)) as T;
  const { SCENES } = await load<Pick<typeof scenes, "SCENES">>("test/operator/gate-rules/scenes.ts");
  const { runSequence } = await load<Pick<typeof sequences, "runSequence">>("operator/gate/sequence.fixture.ts");
  for (const scene of SCENES) {
    try {
      await scene();
    } catch (error) {
      return `${scene.name}: ${said(error)}`;
    }
  }
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    try {
      runSequence(first + sequence, generator(first + sequence));
    } catch (error) {
      return said((error as Error).cause);
    }
  }
  return null;
}

const said = (error: unknown): string => String(error).split("\n")[0] ?? "";

for (const [index, rule] of [null, ...RULES].entries()) {
  console.log(JSON.stringify({ rule: rule?.rule ?? null, broken: await broken(index - 1) }));
}
