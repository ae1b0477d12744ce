/** Random specs for the fuzz: parts of the full example, some with one or more fields made otherwise. Pure. */
import { fullSpec } from "./example.ts";

export type Random = () => number;
type Json = Record<string, unknown>;

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** Texts that some field takes, and texts that none should. Of every length that is a bound, and one more. */
const texts = [
  ...["", "a", "A", "-a", "a-", "a.b", "a..b", "a_b", "_a", "web-db", "db.example.com", "::1", "a b", "é", "a\n", "\n"],
  ...[
    "/",
    "/app",
    "/app/../etc",
    "app",
    "/ü",
    "0",
    "5",
    "5s",
    "1.5h",
    "1h30m",
    "-5s",
    "5 s",
    "5S",
    "1e3",
    "9".repeat(20),
  ],
  ...["100m", "1Gi", "1.", ".5", "+1", "1Gi1", "a.b", "public.t", "Public.t", 'a.b"; drop table x', "$(id)", "{{ x }}"],
  ...["Deployment", "Job", "Auto", "Sql", "Module", "Never", "require", "ghcr.io/a/b:1@sha256:0f", "-v", "\u0000"],
  ...[20, 21, 32, 33, 63, 64, 127, 128, 253, 254, 255, 256, 512, 513, 1_024, 1_025].map((size) => "a".repeat(size)),
];
const numbers = [-1, 0, 1, 5, 100, 101, 5_432, 65_535, 65_536, 1.5, 2 ** 31, 2 ** 53 - 1];
const others = [true, false, [], [{}], {}, { name: "a" }, { a: "b" }, ["a"]];

/** A spec of which zod may think what it likes. */
export function randomSpec(random: Random): Json {
  const spec = fullSpec() as { database: Json; source: Json } & Json;
  spec.database = keepOne(random, spec.database, [["urlFrom"], ["host", "name", "userFrom", "passwordFrom"]]);
  spec.source = keepOne(random, spec.source, [["workload"], ["image"], ["configMap"]]);
  const ca = spec.database["caFrom"] as Json;
  spec.database["caFrom"] = keepOne(random, ca, [["configMapKeyRef"], ["secretKeyRef"]]);
  for (let left = Math.floor(random() * 8); left > 0; left--) remove(random, spec);
  for (let changes = Math.floor(random() ** 2 * 4); changes > 0; changes--) change(random, spec);
  return spec;
}

/** Mostly what fits together, now and then what doesn't. */
function keepOne(random: Random, from: Json, groups: string[][]): Json {
  if (random() < 0.05) return from;
  const kept = pick(random, groups);
  const dropped = groups.flat().filter((name) => !kept.includes(name));
  return Object.fromEntries(Object.entries(from).filter(([name]) => !dropped.includes(name)));
}

function remove(random: Random, spec: Json): void {
  const { holder, field } = place(random, spec, 0.5);
  delete holder[field];
}

function change(random: Random, spec: Json): void {
  const { holder, field } = place(random, spec, 0.1);
  const pool = pick<readonly unknown[]>(random, [texts, texts, numbers, others]);
  // Grown lists and maps meet their bounds.
  const grown = Array.isArray(holder[field])
    ? Array.from({ length: pick(random, [16, 17, 32, 33]) }, () => (holder[field] as unknown[])[0])
    : // A copy: the next change may be made within it.
      structuredClone(pick(random, pool));
  holder[field] = grown;
}

/** A random field, at the depth where walking down the spec happens to stop. */
function place(random: Random, spec: Json, stop: number): { holder: Json; field: string } {
  for (let holder = spec; ;) {
    const field = pick(random, Object.keys(holder));
    const value = holder[field];
    const deeper = (Array.isArray(value) ? value[0] : value) as unknown;
    const hasFields = typeof deeper === "object" && deeper !== null && Object.keys(deeper).length > 0;
    if (!hasFields || random() < stop) return { holder, field };
    holder = deeper as Json;
  }
}
