/** Loaded before a program (`node --import`): its wall clock is off by so many ms. */
const offMs = Number(process.env["CLOCK_OFF_MS"] ?? 0);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...given: unknown[]) {
    super(...((given.length === 0 ? [RealDate.now() + offMs] : given) as [number]));
  }

  static override now(): number {
    return RealDate.now() + offMs;
  }
} as DateConstructor;
