import { randomUUID } from "node:crypto";
import { redact } from "../../contract/redact.ts";
import { GROUP } from "../../contract/resource/names.ts";

/** The object that something happened to. */
export type Regarding = { apiVersion: string; kind: string; namespace: string; name: string; uid: string };

/** What happened, to what, for people: `reason` in one word, `action` what the operator did or tried. */
export type EventInput = {
  regarding: Regarding;
  type: "Normal" | "Warning";
  reason: string;
  note: string;
  action: string;
};

export type Series = { count: number; lastObservedTime: string };

/** An event of events.k8s.io/v1 as it is created. */
export type EventBody = EventInput & {
  apiVersion: "events.k8s.io/v1";
  kind: "Event";
  metadata: { name: string; namespace: string };
  eventTime: string;
  reportingController: string;
  reportingInstance: string;
  series?: Series;
};

/** The API server refuses longer ones: bytes of the note, and of the other texts. */
const LONGEST_NOTE = 1_024;
const LONGEST_TEXT = 128;
const LONGEST_NAME = 253;

/** `wall` in ms: when it happened. */
export function eventBody(input: EventInput, instance: string, wall: number): EventBody {
  const { regarding, type, reason, action } = input;
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: eventName(regarding.name), namespace: regarding.namespace },
    eventTime: microTime(wall),
    reportingController: `${GROUP}/operator`,
    reportingInstance: instance.slice(0, LONGEST_TEXT) || "unknown",
    regarding,
    type,
    reason: reason.slice(0, LONGEST_TEXT),
    action: action.slice(0, LONGEST_TEXT),
    note: note(input.note),
  };
}

/** The object's name with something behind it that no other event has. */
export function eventName(name: string): string {
  const suffix = `.${randomUUID().slice(19).replace("-", "")}`;
  return `${name.slice(0, LONGEST_NAME - suffix.length).replace(/[-.]+$/, "")}${suffix}`;
}

/** On one line, without a password, in at most 1,024 bytes of UTF-8. */
export function note(text: string): string {
  const plain = redact(text.slice(0, 4 * LONGEST_NOTE), [])
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  const bytes = Buffer.from(plain);
  if (bytes.length <= LONGEST_NOTE) return plain;
  // What is left of a character that the cut divides would be read as U+FFFD.
  const cut = new TextDecoder().decode(bytes.subarray(0, LONGEST_NOTE - 3), { stream: true });
  return `${cut}…`;
}

/** Go parses just this form: six digits of a second. */
export const microTime = (wall: number): string => new Date(wall).toISOString().replace("Z", "000Z");
