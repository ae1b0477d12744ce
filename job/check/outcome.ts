import { EXIT } from "../../contract/exit-code.ts";
import type { ExitCode } from "../../contract/exit-code.ts";
import type { Told } from "./payload.ts";
import type { Settled } from "./settle.ts";

export type Finding = {
  severity: "critical" | "warning";
  code: string;
  namespace: string;
  name: string;
  message: string;
};

/** What a check comes to. `unsettled`: a run was still at work when the time was up. `unknown`: it couldn't be asked. */
export type Outcome = {
  status: "ok" | "warning" | "critical" | "unsettled" | "unknown";
  findings: Finding[];
  migrations: Told["migrations"];
  /** Strict: what isn't ok or a warning fails. */
  exitCode: ExitCode;
  hint: string;
};

/** Pure. Where it isn't strict, nothing that was found and nothing that the endpoint does fails a deploy. */
export function outcomeOf(
  { answer, unsettled }: Settled,
  { strict, waitMs }: { strict: boolean; waitMs: number },
): Outcome {
  if (answer.kind === "problem") {
    const { code, message, exitCode, details } = answer.failure;
    const finding = { severity: "critical" as const, code, namespace: "", name: "", message };
    return {
      status: "unknown",
      findings: [finding],
      migrations: [],
      exitCode: strict ? exitCode : EXIT.done,
      hint: details.hint ?? "",
    };
  }
  const { status, alerts, migrations } = answer.told;
  if (status === "critical") {
    return { status, findings: alerts, migrations, exitCode: strict ? EXIT.critical : EXIT.done, hint: "" };
  }
  if (unsettled === null) return { status, findings: alerts, migrations, exitCode: EXIT.done, hint: "" };
  const message = `${unsettled} still, after ${Math.round(waitMs / 1_000)} s`;
  const finding = { severity: "warning" as const, code: "UNSETTLED", namespace: "", name: "", message };
  return {
    status: "unsettled",
    findings: [...alerts, finding],
    migrations,
    exitCode: strict ? EXIT.cancelled : EXIT.done,
    hint: "Give it longer by --wait.",
  };
}

/** Whether somebody should be told who isn't looking. */
export const isWorthANote = ({ status }: Outcome): boolean => status === "critical" || status === "unknown";
