import { ApiError } from "../api/api.ts";
import type { Api } from "../api/api.ts";
import { MIGRATIONS } from "../api/kinds.ts";
import type { RawMigration } from "../watch/migration.ts";
import { startReflector } from "../watch/reflector.ts";
import type { Restart } from "../watch/reflector.ts";
import { createStore } from "../watch/store.ts";
import { MIGRATION_NAME, refusal } from "./ask.ts";

export type Followed = {
  api: Api;
  namespace: string;
  name: string;
  signal: AbortSignal;
  now: () => number;
  onTrouble: (why: Restart) => void;
};

/**
 * Looks at one resource, and again at each change, until `look` has an answer. It is given null when the resource is gone. A watch
 * that breaks, as when the API server restarts, is begun again. Rejects with a CliFailure where the right to it lacks, and with the
 * signal's reason.
 */
export async function follow<T>(options: Followed, look: (raw: RawMigration | null) => T | null): Promise<T> {
  const { api, namespace, name, now, onTrouble } = options;
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const answer = Promise.withResolvers<T>();
  const see = (raw: RawMigration | null): void => {
    try {
      const found = look(raw);
      if (found !== null) answer.resolve(found);
    } catch (error) {
      answer.reject(error);
    }
  };
  let isSynced = false;
  const store = createStore<RawMigration, never>({
    indexes: {},
    trim: (object) => object,
    onChange: ({ after }) => {
      if (isSynced || after !== null) see(after);
    },
  });
  const reflector = startReflector({
    ...{ api, resource: MIGRATIONS, namespace, feed: store, signal, now },
    query: { fieldSelector: `metadata.name=${name}` },
    onRestart: (why) => onTrouble(why),
  });
  const synced = async (): Promise<void> => {
    await reflector.synced;
    isSynced = true;
    if (store.size === 0) see(null);
  };
  synced().catch((error: unknown) => {
    const said = error instanceof ApiError && error.cause instanceof ApiError ? error.cause : error;
    const need = { verbs: "list and watch", resource: MIGRATION_NAME, namespace };
    answer.reject(said instanceof ApiError ? refusal(said, need) : said);
  });
  try {
    return await answer.promise;
  } finally {
    end.abort(new Error("it isn't followed any more"));
  }
}
