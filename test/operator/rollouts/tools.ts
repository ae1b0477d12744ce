/** What changes a Deployment: each tool as its users call it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { helmWith } from "../helm.ts";
import type { Helm } from "../helm.ts";
import { rolledImage } from "./images.ts";
import { deployment } from "./manifests.ts";

/** Where it is done. */
export type Place = {
  namespace: string;
  kubeconfig: string;
  /** For manifests and charts. */
  folder: string;
  kubectl(...args: string[]): Promise<string>;
};

/** Brings that release. `isFirst`: the Deployment isn't there yet. */
type Change = (place: Place, release: number, isFirst: boolean) => Promise<void>;

export type Tool = {
  change: Change;
  /** Of the rollout of that number, from 1; 0 is what is there before. */
  release(number: number): number;
};

const next = (number: number): number => number;
/** An undo goes back and forth. */
const backAndForth = (number: number): number => (number + 1) % 2;

export const TOOLS = {
  "kubectl set image": { change: setImage, release: next },
  "kubectl rollout undo": { change: undo, release: backAndForth },
  "kubectl apply --server-side": { change: serverSideApply, release: next },
  helm3: { change: helm("helm3"), release: next },
  helm4: { change: helm("helm4"), release: next },
} satisfies Record<string, Tool>;

export type ToolName = keyof typeof TOOLS;

const IMAGE = "{{ .Values.image }}";

async function apply({ kubectl, folder }: Place, release: number, ...flags: string[]): Promise<void> {
  const file = join(folder, `web-${release}.yaml`);
  await writeFile(file, stringify(deployment(rolledImage(release))));
  await kubectl("apply", ...flags, "--filename", file);
}

async function setImage(place: Place, release: number, isFirst: boolean): Promise<void> {
  if (isFirst) return await apply(place, release);
  await place.kubectl("set", "image", "deployment/web", `web=${rolledImage(release)}`);
}

async function undo(place: Place, release: number, isFirst: boolean): Promise<void> {
  if (!isFirst) return void (await place.kubectl("rollout", "undo", "deployment/web"));
  await apply(place, 0);
  await place.kubectl("rollout", "status", "deployment/web", "--timeout=300s");
  await setImage(place, release, false);
}

/** As Argo CD and Flux do. */
async function serverSideApply(place: Place, release: number): Promise<void> {
  await apply(place, release, "--server-side", "--field-manager=gitops", "--force-conflicts");
}

function helm(version: Helm): Change {
  return async ({ namespace, kubeconfig, folder }, release, isFirst) => {
    const chart = join(folder, "chart");
    if (isFirst) {
      await mkdir(join(chart, "templates"), { recursive: true });
      await writeFile(join(chart, "Chart.yaml"), stringify({ apiVersion: "v2", name: "web", version: "1.0.0" }));
      await writeFile(join(chart, "templates", "web.yaml"), stringify(deployment(IMAGE)));
    }
    const call = await helmWith(version, kubeconfig);
    const words = ["upgrade", "--install", "web", chart, `--namespace=${namespace}`, "--wait", "--timeout=300s"];
    await call(words, { image: rolledImage(release) });
  };
}
