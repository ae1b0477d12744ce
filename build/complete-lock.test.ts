import { expect, test } from "vitest";
import { completeLock } from "./complete-lock.ts";

test("a platform's package that the registry lacked is added with the version that was asked for", () => {
  const lock = {
    packages: { "": {}, "node_modules/tool": { dev: true, optionalDependencies: { "@tool/darwin-arm64": "1.2.3" } } },
  };
  expect(completeLock(lock)).toEqual(["node_modules/@tool/darwin-arm64"]);
  expect(lock.packages).toMatchObject({
    "node_modules/@tool/darwin-arm64": { version: "1.2.3", dev: true, optional: true, os: ["darwin"], cpu: ["arm64"] },
  });
  expect(completeLock(lock)).toEqual([]);
});

test("a version that differs from the one above goes into the folder of the package that asks for it", () => {
  const lock = {
    packages: {
      "": {},
      "node_modules/@tool/linux-x64-musl": { version: "2.0.0" },
      "node_modules/old": { optionalDependencies: { "@tool/linux-x64-musl": "^1.0.0" } },
    },
  };
  expect(completeLock(lock)).toEqual(["node_modules/old/node_modules/@tool/linux-x64-musl"]);
  expect(lock.packages).toMatchObject({
    "node_modules/old/node_modules/@tool/linux-x64-musl": { version: "1.0.0", cpu: ["x64"], libc: ["musl"] },
  });
});

test("an optional package for every platform is left to npm", () => {
  const lock = { packages: { "node_modules/tool": { optionalDependencies: { "graceful-fs": "^4.2.0" } } } };
  expect(completeLock(lock)).toEqual([]);
});
