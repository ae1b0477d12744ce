/** Next calls this once, before the server answers requests. */
export async function register(): Promise<void> {
  // Next replaces NEXT_RUNTIME when it builds: the part for the edge runtime, which has no sockets, is left empty.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { migrateAtStart } = await import("./db/migrate-at-start.ts");
    await migrateAtStart();
  }
}
