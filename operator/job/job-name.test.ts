import { expect, test } from "vitest";
import { jobName } from "./job-name.ts";

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

test("a Job is called by its resource, what it is for, and the attempt", () => {
  expect(jobName("web", "key", 1, 3)).toMatch(/^web-[0-9a-f]{10}-3$/);
  expect(jobName("web", "key", 1, 3)).toBe(jobName("web", "key", 1, 3));
});

test.each([
  ["resource", jobName("api", "key", 1, 1)],
  ["key", jobName("web", "other", 1, 1)],
  ["epoch", jobName("web", "key", 2, 1)],
  ["attempt", jobName("web", "key", 1, 2)],
])("another %s makes another name", (_what, name) => {
  expect(name).not.toBe(jobName("web", "key", 1, 1));
});

test.each([
  ["one letter", "a", 1],
  ["dots", "a.b.c", 1],
  ["the longest name", `a${"b".repeat(252)}`, 2_000_000],
  ["a hyphen at the cut", `${"a".repeat(48)}----${"b".repeat(100)}`, 10],
])("%s make a DNS label of at most 63 characters", (_what, resource, attempt) => {
  const name = jobName(resource, "key", 0, attempt);
  expect(name).toMatch(DNS_LABEL);
  expect(name.length).toBeLessThanOrEqual(63);
});

test("two long names that differ at the end have different Jobs", () => {
  const long = "a".repeat(200);
  expect(jobName(`${long}x`, "key", 0, 1)).not.toBe(jobName(`${long}y`, "key", 0, 1));
});
