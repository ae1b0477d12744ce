import type { ProxyMessage } from "./proxy.ts";

/** Something that a client asked of the server: a message, or those of the extended protocol up to their Sync. */
export type Step = {
  /** Connections count from 1, in the order in which they were opened. */
  connection: number;
  /** The SQL; "startup", "password" or "terminate" for what has none. */
  text: string;
};

/** Before the server gets it, or after the server has answered and before the client gets the end of the answer. */
export type Moment = "sent" | "answered";

type Verdict = "pass" | "cut" | "hold";
type Open = { sql: string[]; asked: Step | null };

/**
 * Turns what a proxy observes into steps. `onStep` is called twice for each, and may cut the connection: a step that is cut
 * when it is sent never reaches the server. A "terminate" has no answer.
 */
export function watchSteps(onStep: (step: Step, moment: Moment) => Verdict) {
  const connections = new Map<number, Open>();
  return (message: ProxyMessage): Verdict => {
    const open = connections.get(message.connection) ?? { sql: [], asked: null };
    connections.set(message.connection, open);
    if (message.from === "server") {
      if (open.asked === null || !isAnswer(open.asked, message.type)) return "pass";
      const step = open.asked;
      open.asked = null;
      return onStep(step, "answered");
    }
    if (message.type === "P") open.sql.push(textOf(message.body).split("\0")[1] ?? "");
    const text = askedBy(message, open);
    if (text === null) return "pass";
    open.asked = { connection: message.connection, text };
    return onStep(open.asked, "sent");
  };
}

function askedBy({ type, body }: ProxyMessage, open: Open): string | null {
  switch (type) {
    case "startup":
      return "startup";
    case "p":
      return "password";
    case "Q":
      return textOf(body).split("\0")[0] ?? "";
    case "S":
      return open.sql.splice(0).join("; ");
    case "X":
      return "terminate";
    default:
      return null;
  }
}

/** A log-in goes on with an authentication request; everything else ends when the server is ready again. */
function isAnswer({ text }: Step, type: string): boolean {
  return text === "startup" || text === "password" ? type === "R" : type === "Z";
}

const textOf = (body: Buffer): string => body.toString("utf8");
