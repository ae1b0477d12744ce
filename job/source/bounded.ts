/**
 * Maps with at most `limit` calls under way. Each of the `limit` workers makes one `tool` (a buffer) and uses it for all
 * its items. Rejects with the error of the lowest failing item, so that the same folder always gives the same error.
 */
export async function mapBounded<Item, Tool, Result>(
  items: readonly Item[],
  limit: number,
  makeTool: () => Tool,
  map: (item: Item, tool: Tool) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = Array.from({ length: items.length });
  const entries = items.entries();
  let failed: { index: number; error: unknown } | null = null;
  const work = async (): Promise<void> => {
    const tool = makeTool();
    for (const [index, item] of entries) {
      signal?.throwIfAborted();
      try {
        results[index] = await map(item, tool);
      } catch (error) {
        if (failed === null || index < failed.index) failed = { index, error };
      }
      if (failed !== null) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (failed !== null) throw (failed as { error: unknown }).error;
  return results;
}
