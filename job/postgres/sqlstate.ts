/** The SQLSTATEs that the runner knows by name. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const SQLSTATE = {
  lockNotAvailable: "55P03",
  deadlockDetected: "40P01",
  unsafeNewEnumValue: "55P04",
  activeTransaction: "25001",
  invalidTransactionTermination: "2D000",
  queryCanceled: "57014",
  uniqueViolation: "23505",
  noDataFound: "P0002",
  insufficientPrivilege: "42501",
  readOnlyTransaction: "25006",
  tooManyConnections: "53300",
  cannotConnectNow: "57P03",
  invalidPassword: "28P01",
  undefinedTable: "42P01",
  /** Ours: raised by a transaction's prologue when the session isn't the one that holds the lock. */
  lockLost: "LK001",
  /** Ours: raised before a module's COMMIT when the module ended the transaction itself. */
  transactionEnded: "LK002",
} as const;

/** What the server says of an error, as `pg` parses it. */
export type ServerError = Error & {
  severity: string;
  code: string;
  detail?: string;
  hint?: string;
  position?: string;
  where?: string;
  schema?: string;
  table?: string;
  constraint?: string;
};

/** An error that the server sent, as against one of the socket. */
export const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string";

const ENDS_SESSION = new Set(["57P01", "57P02", "57P03", "57P05", "25P03", "25P04"]);

/**
 * True when the session is gone, or about to be: the socket broke, or the server ended it (class 08, an administrator's
 * command, a crash, a FATAL of any kind). What the last statement came to is then unknown.
 */
export const endsSession = (error: unknown): boolean =>
  !isServerError(error) ||
  error.severity === "FATAL" ||
  error.severity === "PANIC" ||
  error.code.startsWith("08") ||
  ENDS_SESSION.has(error.code);
