/** The three sources of migrations, and how they leave an image. */
import { expect, it } from "vitest";
import { sceneOf } from "./scene.ts";

import { openStage } from "./stage.ts";
import { tables } from "./workload.ts";

const scene = sceneOf({ namespace: "e2e-sources" });

it("migrates a database to the SQL files of a ConfigMap", async () => {
  await using stage = await openStage(scene());
  await stage.files("web", { "0001_a.sql": "create table a (id int);", "0002_b.sql": "create table b (id int);" });
  const web = await stage.migrate("web");
  expect(await web.settled("Applied")).toMatch(/^0002_b; 2 applied in /);
  expect(await tables(stage.db)).toEqual(["a", "b"]);
});
