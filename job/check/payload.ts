import type { OpsPayload } from "../../contract/ops.ts";
import { oneLine } from "./one-line.ts";

type Run = Pick<
  OpsPayload["migrations"][number]["recentRuns"][number],
  "runner" | "source" | "startedAt" | "finishedAt"
>;

/** What a check reads of the ops payload, each text as a single harmless line. */
export type Told = Pick<OpsPayload, "status" | "lookbackMinutes"> & {
  /** A code may be one that only a newer endpoint knows. */
  alerts: (Pick<OpsPayload["alerts"][number], "severity" | "namespace" | "name" | "message"> & { code: string })[];
  migrations: (Pick<
    OpsPayload["migrations"][number],
    "namespace" | "name" | "version" | "pending" | "pendingCount" | "telemetry"
  > & { recentRuns: (Run & { status: string })[] })[];
};

/**
 * Reads an answer's body, or says what is wrong with it. By hand, though contract/ops.ts has a schema: a check then needs no
 * package, so that the action runs from a bare checkout. A test holds the two together.
 */
export function readPayload(body: string): Told | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return "it isn't JSON";
  }
  try {
    return payload(value, "");
  } catch (error) {
    if (error instanceof Wrong) return error.message;
    throw error;
  }
}

class Wrong extends Error {}

/** Throws `Wrong`, naming where. */
type Read<Value> = (value: unknown, at: string) => Value;

const wrong = (at: string, wanted: string): never => {
  throw new Wrong(`${at === "" ? "the document" : at} isn't ${wanted}`);
};
const text: Read<string> = (value, at) => (typeof value === "string" ? oneLine(value) : wrong(at, "a text"));
const truth: Read<boolean> = (value, at) => (typeof value === "boolean" ? value : wrong(at, "true or false"));
const count: Read<number> = (value, at) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : wrong(at, "a count");

const nullable =
  <Value>(read: Read<Value>): Read<Value | null> =>
  (value, at) =>
    value === null ? null : read(value, at);

const oneOf =
  <Value extends string>(...values: Value[]): Read<Value> =>
  (value, at) =>
    values.find((known) => known === value) ?? wrong(at, `one of ${values.join(", ")}`);

const list =
  <Value>(read: Read<Value>): Read<Value[]> =>
  (value, at) =>
    Array.isArray(value) ? value.map((each, index) => read(each, `${at}[${index}]`)) : wrong(at, "a list");

/** What it doesn't know is left out. */
const record =
  <Value extends object>(fields: { [Key in keyof Value]: Read<Value[Key]> }): Read<Value> =>
  (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong(at, "an object");
    const found = Object.entries(fields).map(([key, read]) => [
      key,
      (read as Read<unknown>)((value as Record<string, unknown>)[key], at === "" ? key : `${at}.${key}`),
    ]);
    return Object.fromEntries(found) as Value;
  };

const payload = record<Told>({
  status: oneOf("ok", "warning", "critical"),
  lookbackMinutes: count,
  alerts: list(
    record<Told["alerts"][number]>({
      severity: oneOf("critical", "warning"),
      code: text,
      namespace: text,
      name: text,
      message: text,
    }),
  ),
  migrations: list(
    record<Told["migrations"][number]>({
      namespace: text,
      name: text,
      version: nullable(text),
      pending: list(text),
      pendingCount: count,
      telemetry: record({ available: truth, reason: text }),
      recentRuns: list(
        record<Told["migrations"][number]["recentRuns"][number]>({
          status: text,
          runner: text,
          source: nullable(text),
          startedAt: text,
          finishedAt: nullable(text),
        }),
      ),
    }),
  ),
});
