/**
 * The advisory lock's key: ASCII "Lockkeep" as a bigint. It is a contract: other tools that take the same
 * key (`pg_try_advisory_lock(5507730182311863664)`) keep out of Lockkeeper's way, and it out of theirs.
 */
export const LOCK_KEY = "5507730182311863664";
