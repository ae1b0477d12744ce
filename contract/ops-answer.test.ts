import { expect, test } from "vitest";
import { answerOps } from "./ops-answer.ts";

const TOKEN = "a-token-for-tests-0123456789";
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

const ask = async (encoding: string | null, { zips = true } = {}): Promise<Response> =>
  await answerOps(
    new Request("http://ops.test/api/ops/migrations", {
      headers: { authorization: `Bearer ${TOKEN}`, ...(encoding === null ? {} : { "accept-encoding": encoding }) },
    }),
    {
      token: async () => TOKEN,
      answer: async (_query, { gzip }) =>
        zips ? { status: 200, body: gzip ? bytes("zipped") : "plain", gzip } : { status: 200, body: "plain" },
    },
  );

test.each([
  ["gzip", "zipped"],
  ["br, GZIP ;q=0.5, deflate", "zipped"],
  ["gzip;q=1.0", "zipped"],
  ["gzip;q=0", "plain"],
  ["gzip;q=0.000", "plain"],
  ["gzipped", "plain"],
  ["br", "plain"],
  ["", "plain"],
  [null, "plain"],
])("who accepts %s gets it %s", async (encoding, body) => {
  const response = await ask(encoding);
  expect(await response.text()).toBe(body);
  expect(response.headers.get("content-encoding")).toBe(body === "zipped" ? "gzip" : null);
  expect(response.headers.get("vary")).toBe("accept-encoding");
});

test("what isn't compressed is given as it is", async () => {
  const response = await ask("gzip", { zips: false });
  expect(await response.text()).toBe("plain");
  expect(response.headers.get("content-encoding")).toBeNull();
});
