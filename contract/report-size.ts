/** A pod with injected sidecars cuts a termination message at 2,048 bytes: docs/decisions/005-report.md. */
export const REPORT_MAX_BYTES = 2_000;

/** `--report-tag`, as JSON writes it (a control character takes six bytes there): it must come back whole. */
export const TAG_MAX_BYTES = 512;
