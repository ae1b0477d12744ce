/** The part of a `pg` client that a single operation needs: one file per SQL operation, tested with a real client. */
export type Queryable = {
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }>;
};
