/** An upgrade that is on: its migration waits for a table, and Helm for its hook. */
import { NAME } from "./helm-release.ts";
import type { DeployOptions, Release, Served } from "./helm-release.ts";
import { until } from "./recorder.ts";

export type Upgrade = {
  /** Whether Helm still waits. */
  isOn(): boolean;
  /** What Helm says of it in the end. */
  ended: Promise<"deployed" | "failed">;
  /** Lets the migration go on. */
  unblock(): Promise<void>;
};

/**
 * Begins an upgrade to an image that alters the table `a`. Resolves when its migration waits for that table, and the pod of its own
 * hook runs: Helm, which watches the Job from its creation on, waits for it. In mode `gate` the migration is there first, and
 * the Job of the release before with it.
 */
export async function beginUpgrade(at: Release, image: Served, options?: DeployOptions): Promise<Upgrade> {
  const { db, reader } = at.stage;
  const [before] = await hookJob(at);
  const reading = await reader("a");
  let isOn = true;
  let said: unknown;
  const ended = at
    .deploy("upgrade", image, options)
    .then(
      () => "deployed" as const,
      (error: unknown) => {
        said = error;
        return "failed" as const;
      },
    )
    .finally(() => {
      isOn = false;
    });
  const untilOn = async (what: string, look: () => Promise<boolean>): Promise<void> => {
    await until(
      async () => {
        if (!isOn) throw new Error(`The upgrade ended before this was seen: ${what}`, { cause: said });
        return await look();
      },
      () => what,
    );
  };
  const query = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await untilOn("its migration waits for the table", async () => (await db.query(query)).length > 0);
  await untilOn("the pod of its hook runs", async () => {
    const [uid, ready] = await hookJob(at);
    return uid !== before && ready === "1";
  });
  return { isOn: () => isOn, ended, unblock: reading.end };
}

/** Uid of the hook's Job that is there, and how many of its pods are ready. */
async function hookJob({ stage }: Release): Promise<string[]> {
  const told = ["--ignore-not-found", "--output=jsonpath={.metadata.uid} {.status.ready}"];
  return (await stage.kubectl("get", "job", NAME, ...told)).split(" ");
}
