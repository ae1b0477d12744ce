/** What a crashed run's unfinished statement can be proved by: the catalog, its own harmlessness, or nothing. */
export type Proof =
  | { by: "index"; schema: string | null; table: string; name: string }
  | { by: "dropped-index"; schema: string | null; name: string }
  /** Running it again does no harm: VACUUM, REINDEX, ALTER SYSTEM. */
  | { by: "repetition" }
  /** `partial`: it can leave something behind even when it fails, like CALL of a procedure that commits. */
  | { by: "nothing"; partial: boolean };

/** One step of a file in statement mode: a statement, or the statements between a BEGIN and a COMMIT of the file's own. */
export type Unit = {
  /**
   * `setting`: SET or RESET, made again when a run goes on in the middle. `transaction`: statements that commit together
   * with the record of their progress. `alone`: what can't run in a transaction.
   */
  kind: "setting" | "transaction" | "alone";
  /** Byte offsets in the file. */
  from: number;
  to: number;
  /** The number, from 1, of its first statement, and the line on which that begins. */
  statement: number;
  line: number;
  /** False for what stands between a BEGIN and a COMMIT of the file's own: that can't be run outside a transaction. */
  single: boolean;
  proof: Proof;
};
