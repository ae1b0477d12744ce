import { expect, it } from "vitest";
import { pathOf } from "./path.ts";

const JOBS = { api: "/apis/batch/v1", plural: "jobs" };

it("a path names a kind, an object or a part of it", () => {
  expect(pathOf(JOBS, null)).toBe("/apis/batch/v1/jobs");
  expect(pathOf(JOBS, "shop")).toBe("/apis/batch/v1/namespaces/shop/jobs");
  expect(pathOf(JOBS, "shop", "web")).toBe("/apis/batch/v1/namespaces/shop/jobs/web");
  expect(pathOf(JOBS, "shop", "web", "status")).toBe("/apis/batch/v1/namespaces/shop/jobs/web/status");
});

it("no name leads anywhere else", () => {
  expect(pathOf(JOBS, "a/../b", "x?y#z%2f\r\n")).toBe("/apis/batch/v1/namespaces/a%2F..%2Fb/jobs/x%3Fy%23z%252f%0D%0A");
  for (const name of ["", ".", ".."]) expect(() => pathOf(JOBS, "shop", name)).toThrow("can't be an object's name");
});
