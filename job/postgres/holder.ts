/** Who holds the advisory lock right now. Fields are null where the role may not see another role's activity. */
export type Holder = {
  pid: number;
  user: string | null;
  application: string | null;
  state: string | null;
  /** How long ago the backend started, ms. */
  connectedMs: number | null;
  /** How long the current state or query lasts, ms. */
  ageMs: number | null;
  /** The text of its last statement: for `unlock`'s own output only, never for rows, reports or events. */
  query: string | null;
};
