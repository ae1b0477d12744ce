import { join } from "node:path";
import type { Server } from "../../postgres/server.ts";
import { startProxy } from "../../proxy/proxy.ts";
import { FLOOR } from "./contenders.ts";
import type { Contender } from "./contenders.ts";
import { urlOf, withClient, withDatabase } from "./database.ts";
import { folders } from "./folders.ts";
import type { FolderKind } from "./folders.ts";
import type { Migration } from "./migrations.ts";
import { time } from "./process.ts";
import { problems, schemaDigest } from "./verify.ts";

/** One contender's run: how long it took and how often it waited for the server. */
export type Lap = { contender: string; delayMs: number; run: number; elapsedMs: number; roundTrips: number | null };

export type RaceOptions = {
  server: Server;
  contenders: Contender[];
  all: Migration[];
  delays: number[];
  runs: number;
  scratch: string;
};

const writeFolders = (contenders: readonly Contender[], all: Migration[], scratch: string) => {
  const dirs = new Map<FolderKind, string>();
  for (const { folder } of contenders) {
    if (dirs.has(folder)) continue;
    const dir = join(scratch, folder);
    folders[folder](dir, all);
    dirs.set(folder, dir);
  }
  return dirs;
};

/** What the migrations make of a database when nothing but `pg` sends them. */
const referenceDigest = (server: Server, all: readonly Migration[]) =>
  withDatabase(server, (name) =>
    withClient(urlOf(server, name), async (client) => {
      await client.query(all.map(({ sql }) => sql).join(";"));
      return schemaDigest(client, []);
    }),
  );

/**
 * In which order the contenders run in that round: each time beginning with another one, and in every second round
 * backwards, so that no one always comes after the same. Ours stand beside the floor: a machine's speed changes within minutes.
 */
const inOrder = (contenders: readonly Contender[], run: number): Contender[] => {
  const near = contenders.toSorted((a, b) => nearFloor(a) - nearFloor(b));
  const first = run % near.length;
  const order = [...near.slice(first), ...near.slice(0, first)];
  return run % 2 === 0 ? order : order.toReversed();
};

const nearFloor = ({ id }: Contender): number => (id === FLOOR ? 0 : id.startsWith("lockkeeper") ? 1 : 2);

/**
 * Runs all contenders against one server, each in a fresh database, side by side: every round has each of them.
 * @throws CommandFailed, or an Error that names the contender whose database isn't what the migrations make.
 */
export const race = async (options: RaceOptions): Promise<Lap[]> => {
  const { server, contenders, all, delays, runs, scratch } = options;
  const dirs = writeFolders(contenders, all, scratch);
  const digest = await referenceDigest(server, all);
  const laps: Lap[] = [];

  const lap = (contender: Contender, delayMs: number, run: number) =>
    withDatabase(server, async (name) => {
      await using proxy =
        delayMs > 0 ? await startProxy({ target: { host: "127.0.0.1", port: server.port }, delayMs }) : null;
      const dir = dirs.get(contender.folder);
      if (dir === undefined) throw new Error(`no folder for ${contender.id}`);
      const elapsedMs = await time(contender.command(dir, urlOf(server, name, proxy?.port)), scratch);
      const wrong = await withClient(urlOf(server, name), (client) => problems(client, contender, all, digest));
      if (wrong.length > 0) throw new Error(`${contender.label} left ${wrong.join(" and ")}`);
      const roundTrips = proxy?.counts().roundTrips ?? null;
      laps.push({ contender: contender.id, delayMs, run, elapsedMs, roundTrips });
      console.error(
        `run ${run + 1}, ${delayMs} ms: ${contender.id} ${(elapsedMs / 1_000).toFixed(2)} s` +
          (roundTrips === null ? "" : `, ${roundTrips} round trips`),
      );
    });

  for (let run = 0; run < runs; run += 1) {
    for (const delayMs of delays) {
      for (const contender of inOrder(contenders, run)) await lap(contender, delayMs, run);
    }
  }
  return laps;
};
