import { expect, test } from "vitest";
import { isInTheOpen, linkOf } from "./surroundings.ts";

test.each([
  ["https://shop.example.com", false],
  ["http://shop.example.com", true],
  ["http://203.0.113.7", true],
  ["http://localhost:3000", false],
  ["http://127.0.0.1:3000", false],
  ["http://[::1]:3000", false],
  ["http://10.1.2.3", false],
  ["http://172.20.0.1", false],
  ["http://172.40.0.1", true],
  ["http://web:3000", false],
  ["http://lockkeeper-ops.ops.svc:8080", false],
  ["http://lockkeeper-ops.ops.svc.cluster.local:8080", false],
])("%s sends a token in the open: %s", (url, open) => {
  expect(isInTheOpen(new URL(url))).toBe(open);
});

test("the run's page is linked in GitHub's workflows only, and only as such", () => {
  const variables = {
    GITHUB_ACTIONS: "true",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: "acme/shop",
    GITHUB_RUN_ID: "7",
  };
  expect(linkOf(variables)).toBe("https://github.com/acme/shop/actions/runs/7");
  expect(linkOf({ ...variables, GITHUB_ACTIONS: undefined })).toBe("");
  expect(linkOf({ ...variables, GITHUB_RUN_ID: "7 <!channel>" })).toBe("");
});
