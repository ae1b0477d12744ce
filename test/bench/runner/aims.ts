import { FLOOR } from "./contenders.ts";
import type { Summary } from "./summary.ts";

/** What the project set out to reach, and what this run showed. `reached` is null where it wasn't measured. */
export type Aim = { aim: string; measured: string; reached: boolean | null };

const DELAY_MS = 5;
const ours = new Set(["lockkeeper", "lockkeeper-one"]);

const ratio = (value: number | null, digits = 2) => (value === null ? "not measured" : value.toFixed(digits));
const divide = (a: number | undefined, b: number | undefined) => (a === undefined || b === undefined ? null : a / b);
const judge = (value: number | null, good: (value: number) => boolean) => (value === null ? null : good(value));
const megabytes = (bytes: number) => bytes / 1_000_000;

/** The aims of the runner, judged from one run's numbers. */
export const aims = ({ rows, noOp, memory }: Summary): Aim[] => {
  const find = (id: string) => rows.find((row) => row.id === id);
  const at = (id: string) => find(id)?.medianMs[DELAY_MS];
  const timesFloor = (id: string) => find(id)?.timesFloor[DELAY_MS] ?? null;
  const others = rows.flatMap((row) => (ours.has(row.id) || row.id === FLOOR ? [] : (row.medianMs[DELAY_MS] ?? [])));
  const one = timesFloor("lockkeeper-one");
  const batched = timesFloor("lockkeeper");
  const lead = others.length === 0 ? null : divide(Math.min(...others), at("lockkeeper"));
  const start = noOp === null ? null : noOp.lockkeeperMs / noOp.nodeMs;
  const many = memory === null ? null : megabytes(memory.many);
  const large = memory === null ? null : (memory.large - memory.small) / memory.largeFileBytes;
  return [
    {
      aim: `one a message, ${DELAY_MS} ms: at most 1.1 times the floor`,
      measured: ratio(one),
      reached: judge(one, (value) => value <= 1.1),
    },
    {
      aim: `in batches, ${DELAY_MS} ms: at most 0.3 times the floor`,
      measured: ratio(batched),
      reached: judge(batched, (value) => value <= 0.3),
    },
    {
      aim: `in batches, ${DELAY_MS} ms: at least 6 times as fast as the best of the others`,
      measured: ratio(lead, 1),
      reached: judge(lead, (value) => value >= 6),
    },
    {
      aim: "a start with nothing to do: at most 3 times `node -e 0`",
      measured: ratio(start),
      reached: judge(start, (value) => value <= 3),
    },
    {
      aim: "5,000 migrations: at most 100 MB resident",
      measured: many === null ? "not measured" : `${many.toFixed(0)} MB`,
      reached: judge(many, (value) => value <= 100),
    },
    {
      aim: "a migration of 50 MB: at most 1.5 times its size on top of a small one",
      measured: ratio(large),
      reached: judge(large, (value) => value <= 1.5),
    },
  ];
};
