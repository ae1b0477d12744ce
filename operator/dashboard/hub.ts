/** One second's work for all who look: what has changed is made anew once, and each client gets what it lacks. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { createFleet } from "./fleet.ts";
import type { Fleet } from "./fleet.ts";
import { deltaText, messageText } from "./message.ts";
import type { Detail, Health } from "./view.ts";

export type HubDeps = {
  /** `NAMESPACE/NAME` of every resource. */
  keys: () => Iterable<string>;
  /** Null: there is none of that name. */
  detail: (key: string) => Detail | null;
  /** Calls at each change of a resource, until what it gives is called. */
  subscribe: (onChange: (key: string) => void) => () => void;
  health: () => Health;
  token: () => Promise<string | null>;
  clock: Clock;
  /** A resource that can't be made a row of is left out, and told of here. Nothing that somebody wrote may end the process. */
  failed: (error: unknown) => void;
};

export type Client = {
  /** The resource that it looks at; null: all of them. */
  key: string | null;
  /** What it has already, of an earlier stream: the id of the last message. */
  lastId: string;
  /** Whether there is room: it has taken most of what it was sent. */
  isReady(): boolean;
  send(text: string): void;
  end(): void;
  /** Whether it may go on, now that this is the token. */
  isAllowed(token: string | null): boolean;
};

export type Hub = {
  /** Null: there are too many. Otherwise what is to be called when it has gone. */
  join(client: Client): (() => void) | null;
  readonly clients: number;
};

export const MOST_CLIENTS = 100;
const TICK_MS = 1_000;
/** Between two looks at whether sessions still hold, and at how fresh the watches are. */
const TICKS_PER_BEAT = 5;
/** Within so many ticks each row is made anew although nothing has changed: time alone makes alerts. */
const TICKS_PER_ROUND = 15;
/** Then others get their turn: making a row takes some 0.1 ms. */
const SLICE = 20;
/** Who takes nothing for so long has gone without a word. */
const PATIENCE_TICKS = 60;

type Member = Client & { revision: number; sent: string; patience: number };

export function createHub(deps: HubDeps): Hub {
  const { keys, subscribe, health, token, clock } = deps;
  const members = new Set<Member>();
  const dirty = new Set<string>();
  let fleet = newFleet(deps);
  /** From the first client until the last has gone. */
  let life = { isOn: false, unsubscribe: (): void => {} };
  let ticks = 0;
  let isWarm = false;

  const start = (): void => {
    fleet = newFleet(deps);
    isWarm = false;
    ticks = 0;
    const mine = { isOn: true, unsubscribe: subscribe((key) => dirty.add(key)) };
    life = mine;
    clock.soon(() => void run(mine));
  };
  const stop = (): void => {
    life.isOn = false;
    life.unsubscribe();
    dirty.clear();
  };

  async function run(mine: { isOn: boolean }): Promise<void> {
    while (mine.isOn) {
      await tick(mine).catch(deps.failed);
      await new Promise<void>((done) => void clock.after(TICK_MS, done));
    }
  }

  async function tick(mine: { isOn: boolean }): Promise<void> {
    const changed = new Set(isWarm ? [...dirty, ...inTurn()] : [...keys()]);
    dirty.clear();
    for (const slice of slices([...changed], SLICE)) {
      fleet.refresh(slice);
      await new Promise<void>((done) => clock.soon(done));
      // All have gone meanwhile, and who came then begins anew.
      if (!mine.isOn) return;
    }
    isWarm = true;
    const isBeat = ticks++ % TICKS_PER_BEAT === 0;
    if (isBeat) await dismiss();
    const texts = new Map<number, string>();
    for (const member of members) {
      if (!member.isReady()) {
        if (++member.patience > PATIENCE_TICKS) leave(member);
        continue;
      }
      member.patience = 0;
      const said = tell(member, texts, changed);
      if (!said && isBeat) member.send(messageText("health", health()));
    }
  }

  /** Whether there was something to say. */
  function tell(member: Member, texts: Map<number, string>, changed: ReadonlySet<string>): boolean {
    try {
      return member.key === null ? tellAll(member, texts) : tellOne(member, changed);
    } catch (error) {
      deps.failed(error);
      return false;
    }
  }

  /** A part of what is there, another one at each tick; and what is no longer there. */
  const inTurn = (): string[] => {
    const all = [...new Set([...keys(), ...fleet.keys()])];
    const size = Math.ceil(all.length / TICKS_PER_ROUND);
    const from = (ticks % TICKS_PER_ROUND) * size;
    return all.slice(from, from + size);
  };

  async function dismiss(): Promise<void> {
    const now = await token().catch(() => null);
    for (const member of members) if (!member.isAllowed(now)) leave(member);
  }

  function tellAll(member: Member, texts: Map<number, string>): boolean {
    const before = member.revision;
    if (before === fleet.revision && before !== NOTHING) return false;
    const text = texts.get(before) ?? deltaText(fleet.since(before), health(), `${fleet.id}.${fleet.revision}`);
    texts.set(before, text);
    member.send(text);
    // An empty fleet has no revision yet, but was told.
    member.revision = fleet.revision;
    return true;
  }

  function tellOne(member: Member, changed: ReadonlySet<string>): boolean {
    const { key } = member;
    if (key === null || (member.sent !== "" && !changed.has(key))) return false;
    const detail = deps.detail(key);
    const json = JSON.stringify(detail);
    if (json === member.sent) return false;
    member.sent = json;
    member.send(`${messageText("health", health())}${messageText("detail", detail)}`);
    return true;
  }

  function leave(member: Member): void {
    if (!members.delete(member)) return;
    member.end();
    if (members.size === 0) stop();
  }

  return {
    get clients() {
      return members.size;
    },
    join(client) {
      if (members.size >= MOST_CLIENTS) return null;
      if (members.size === 0) start();
      const member = { ...client, revision: revisionOf(client.lastId, fleet.id), sent: "", patience: 0 };
      members.add(member);
      if (isWarm) tell(member, new Map(), new Set());
      return () => leave(member);
    },
  };
}

/** Of a client that has nothing yet, or something of another life. */
const NOTHING = -1;

function newFleet({ detail, failed }: HubDeps): Fleet & { id: string } {
  const rowOf = (key: string): string | null => {
    try {
      const found = detail(key);
      return found === null ? null : JSON.stringify(found.row);
    } catch (error) {
      failed(error);
      return null;
    }
  };
  return Object.assign(createFleet(rowOf), { id: randomUUID().slice(0, 8) });
}

function revisionOf(lastId: string, id: string): number {
  const [of, revision = ""] = lastId.split(".", 2);
  return of === id && /^\d{1,15}$/.test(revision) ? Number(revision) : NOTHING;
}

function slices<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
