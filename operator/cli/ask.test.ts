import { expect, it } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { ApiError } from "../api/api.ts";
import { asked, MIGRATION_NAME, refusal } from "./ask.ts";

const need = { verbs: "patch", resource: MIGRATION_NAME, namespace: "shop" };
const answer = (status: number, reason: string, said: string): ApiError => {
  const error = new ApiError(status, reason, `PATCH /x: the API server answered ${status} ${reason}: ${said}`);
  error.said = said;
  return error;
};

it.each([
  [403, "Forbidden", "no", EXIT.invalidInput, "not allowed: no", `to patch ${MIGRATION_NAME} in the namespace shop`],
  [401, "Unauthorized", "no", EXIT.invalidInput, "the API server doesn't accept the credentials (401)", "Log in again"],
  [422, "Invalid", "spec.a: too long", EXIT.invalidInput, "spec.a: too long", ""],
  [
    404,
    "NotFound",
    "the server could not find the requested resource",
    EXIT.invalidInput,
    `the cluster doesn't know ${MIGRATION_NAME}`,
    "Install the chart lockkeeper",
  ],
  [404, "NotFound", 'namespaces "shop" not found', EXIT.invalidInput, 'namespaces "shop" not found', ""],
  [503, "ServiceUnavailable", "later", EXIT.unreachable, "503 ServiceUnavailable: later", "whether kubectl reaches it"],
  [418, "Teapot", "short", EXIT.invalidInput, "418 Teapot: short", ""],
])("the API server's %i %s (%s) ends with %i and says what to do", (status, reason, said, exitCode, message, hint) => {
  const failure = refusal(answer(status, reason, said), need);
  expect(failure.exitCode).toBe(exitCode);
  expect(failure.message).toContain(message);
  expect(failure.hint).toContain(hint);
});

it("a server that doesn't answer is asked again, and told of once; what it refuses isn't", async () => {
  const { signal } = new AbortController();
  const said: string[] = [];
  let tries = 0;
  const ask = async (): Promise<string> => {
    if (++tries === 1) throw answer(0, "Unreachable", "ECONNREFUSED");
    if (tries === 2) throw answer(403, "Forbidden", "no");
    return "never";
  };
  await expect(asked(ask, need, { signal, told: (text) => said.push(text) })).rejects.toThrow("not allowed: no");
  expect(said).toEqual(["the API server doesn't answer: ECONNREFUSED"]);
  const typed = answer(500, "InternalError", "failed to create typed patch object: .spec.x: field not declared");
  await expect(asked(async () => await Promise.reject(typed), need, { signal })).rejects.toMatchObject({
    exitCode: 13,
  });
  const withoutLogin = answer(0, "Unreachable", "GET /x: no credentials for the API server: spawn aws ENOENT");
  await expect(asked(async () => await Promise.reject(withoutLogin), need, { signal })).rejects.toMatchObject({
    exitCode: 14,
  });
});
