import { redact } from "../../contract/redact.ts";
import { Failure } from "../failure.ts";

/** What a caller gets, without the secrets (from `secretsOf`) in any text of it, errors and their causes included. */
export function withoutSecrets<T>(value: T, secrets: readonly string[]): T {
  return cleaned(value, (text) => redact(text, secrets)) as T;
}

type Clean = (text: string) => string;

function cleaned(value: unknown, clean: Clean): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map((item) => cleaned(item, clean));
  if (value instanceof Failure) return failureOf(value, clean);
  if (value instanceof Error) return errorOf(value, clean);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cleaned(item, clean)]));
}

function failureOf({ code, exitCode, message, stack, details }: Failure, clean: Clean): Failure {
  const failure = new Failure(code, exitCode, clean(message), cleaned(details, clean) as Failure["details"]);
  failure.stack = clean(stack ?? "");
  return failure;
}

/** Its name, texts, code and cause: what else the server's errors have is data of rows and statements. */
function errorOf(error: Error, clean: Clean): Error {
  const { name, message, stack, cause } = error;
  const copy = new Error(clean(message), cause === undefined ? undefined : { cause: cleaned(cause, clean) });
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  return Object.assign(copy, { name, stack: clean(stack ?? "") }, code);
}
