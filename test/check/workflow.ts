/** Runs the steps of workflows and of our action as GitHub's runner does, as far as the examples need it. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

type Step = { name?: string; uses?: string; run?: string; with?: Record<string, string>; env?: Record<string, string> };
type Contexts = Record<string, Record<string, string>>;
export type Stepped = { name: string; code: number; stdout: string; stderr: string };

const root = fileURLToPath(new URL("../..", import.meta.url));
export const OURS = "lockkeeper/lockkeeper@main";

type Scope = {
  /** `vars`, `secrets`, `github`, `env`. */
  contexts: Contexts;
  /** Of the runner itself: PATH and the like. */
  env: Record<string, string>;
  /** Where the action is checked out. */
  actionPath: string;
};

/** Runs a workflow's only job. Ends after the first step that fails, as a job does; actions of others are passed over. */
export async function runWorkflow(file: string, scope: Scope): Promise<Stepped[]> {
  const workflow = parse(await readFile(join(root, file), "utf8")) as { jobs: Record<string, Job> };
  const [job] = Object.values(workflow.jobs);
  if (job === undefined) throw new Error(`${file} has no job`);
  const env = { ...scope.env, ...filled(job.env, scope.contexts) };
  const done: Stepped[] = [];
  for (const step of job.steps) {
    const result = await runStep(step, { ...scope, env });
    if (result !== null) done.push(result);
    if (result !== null && result.code !== 0) break;
  }
  return done;
}

type Job = { env?: Record<string, string>; steps: Step[] };

/** Runs our action with these inputs. */
export async function runAction(given: Record<string, string>, scope: Scope): Promise<Stepped> {
  const action = parse(await readFile(join(root, "action.yml"), "utf8")) as {
    inputs: Record<string, { default?: string; required?: boolean }>;
    runs: { using: string; steps: Step[] };
  };
  const unknown = Object.keys(given).find((name) => !(name in action.inputs));
  if (unknown !== undefined) throw new Error(`the action has no input ${unknown}`);
  const inputs = Object.fromEntries(
    Object.entries(action.inputs).map(([name, { default: otherwise = "" }]) => [name, given[name] ?? otherwise]),
  );
  const [step, ...more] = action.runs.steps;
  if (action.runs.using !== "composite" || step === undefined || more.length > 0) throw new Error("it has other steps");
  const env = { ...scope.env, GITHUB_ACTION_PATH: scope.actionPath };
  // A composite action sees its inputs, and nothing of the caller's secrets.
  const result = await runStep(step, { ...scope, env, contexts: { inputs } });
  if (result === null) throw new Error("its step runs nothing");
  return result;
}

async function runStep(step: Step, scope: Scope): Promise<Stepped | null> {
  const name = step.name ?? step.uses ?? "run";
  if (step.uses === OURS) return { ...(await runAction(filled(step.with, scope.contexts), scope)), name };
  if (step.run === undefined) return null;
  const env = { ...scope.env, ...filled(step.env, scope.contexts) };
  return { name, ...(await bash(filledText(step.run, scope.contexts), env)) };
}

const filled = (all: Record<string, string> = {}, contexts: Contexts): Record<string, string> =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [name, filledText(value, contexts)]));

/** `${{ context.name }}`, and with `|| 'otherwise'`. */
const filledText = (given: string, contexts: Contexts): string =>
  given.replaceAll(/\$\{\{ *([\w.-]+)(?: *\|\| *'([^']*)')? *\}\}/g, (_, path: string, otherwise: string = "") => {
    const [context = "", ...names] = path.split(".");
    return contexts[context]?.[names.join(".")] || otherwise;
  });

/** GitHub's `shell: bash`. */
async function bash(script: string, env: Record<string, string>): Promise<Omit<Stepped, "name">> {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-step-"));
  try {
    const file = join(folder, "step.sh");
    await writeFile(file, script);
    const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", file], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = new Promise<number>((resolve) => void child.once("close", (code) => resolve(code ?? -1)));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  } finally {
    await rm(folder, { recursive: true });
  }
}
