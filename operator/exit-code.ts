/** The operator's exit codes, as in sysexits.h where it has one. */
export const EXIT = {
  /** It was told to stop, and has. */
  stopped: 0,
  /** A bug in Lockkeeper (EX_SOFTWARE). */
  bug: 70,
  /** The lease was lost: another replica may lead, and this one has to begin anew (EX_TEMPFAIL). */
  leaseLost: 75,
  /** A setting, the CRD or a right is missing or wrong (EX_CONFIG). */
  misconfigured: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
