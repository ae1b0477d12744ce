/**
 * The gate's rules, and for each the change of the code that takes it away: `from` stands in that file exactly once. With it
 * made, random rollouts (operator/gate/sequence.fixture.ts) or a scene of scenes.ts must break.
 */
export type Rule = { rule: string; file: string; from: string; to: string };

const LEDGER = "operator/reconcile/ledger.ts";
const CHOOSE = "operator/reconcile/choose.ts";
const SETTLE = "operator/reconcile/settle.ts";
const REQUESTS = "operator/reconcile/requests.ts";
const LEARN = "operator/reconcile/learn.ts";
const RESOLVE = "operator/gate/resolve.ts";
const OBSERVE = "operator/gate/observe.ts";
const GATE = "operator/gate/gate.ts";
const OPEN = "operator/gate/open.ts";
const KEY = "operator/release/key.ts";
const TARGET = "operator/release/target.ts";
const DECIDE = "operator/reconcile/decide.ts";
const RECONCILE = "operator/reconcile/reconcile.ts";

/** By gate.md's steps; "key" is what comes before them. */
export const RULES: Rule[] = [
  {
    rule: "key: proof of one ReplicaSet is none for another with the same tag",
    ...{ file: KEY, from: `release.replicaSet ?? ""`, to: `""` },
  },
  {
    rule: "key: proof for one database is none for another",
    ...{ file: KEY, from: "hash([spec.database, path,", to: "hash([path," },
  },
  {
    rule: "key: the image is the ReplicaSet's of the container that the resource names",
    ...{ file: TARGET, from: "find((one) => one.name === name)", to: "at(-1)" },
  },
  {
    rule: "key: a new template with the same digest needs no run",
    ...{ file: KEY, from: `isPinned(release.image) ? "" : `, to: "" },
  },
  {
    rule: "2: a new value of the retry annotation clears a failure",
    ...{ file: REQUESTS, from: "if (!isNew && !isChanged) return ledger;", to: "if (!isChanged) return ledger;" },
  },
  {
    rule: "2: a new generation clears a failure",
    ...{ file: REQUESTS, from: "if (!isNew && !isChanged) return ledger;", to: "if (!isNew) return ledger;" },
  },
  {
    rule: "2: a value that was handled is remembered",
    ...{ file: REQUESTS, from: "lastHandledRetry: isNew && !isEarly ? value :", to: "lastHandledRetry:" },
  },
  {
    rule: "2: recheck withdraws all proof",
    ...{ file: REQUESTS, from: "epoch: ledger.epoch + 1", to: "epoch: ledger.epoch" },
  },
  {
    rule: "2: another database withdraws all proof",
    ...{ file: LEARN, from: "other ? ledger.epoch + 1 : ledger.epoch", to: "ledger.epoch" },
  },
  {
    rule: "2: a check that shows an applied release isn't withdraws all proof",
    ...{
      file: "operator/reconcile/drift.ts",
      from: "isGone ? { ...learnt, epoch: learnt.epoch + 1 } : learnt",
      to: "learnt",
    },
  },
  {
    rule: "3: the ReplicaSet's uid is compared",
    ...{ file: OBSERVE, from: "found.metadata.uid === controller?.uid", to: "true" },
  },
  {
    rule: "3: a pod of something else than a ReplicaSet is held",
    ...{ file: RESOLVE, from: `if (controller?.kind !== "ReplicaSet") {`, to: "if (controller === null) {" },
  },
  {
    rule: "3: a container that isn't there holds the pod",
    ...{ file: RESOLVE, from: "containers.find((one) => one.name === container)", to: "containers[0]" },
  },
  {
    rule: "3: a pod that names more than can be looked at is held",
    ...{ file: RESOLVE, from: "if (names > MOST_NAMES) {", to: "if (names < 0) {" },
  },
  {
    rule: "4: the Deployment's current ReplicaSet is wanted, before it has pods",
    ...{
      file: "operator/reconcile/wanted.ts",
      from: `target.is === "release" ? [target.wanted] : []`,
      to: "[] as Wanted[]",
    },
  },
  {
    rule: "4: a Deployment whose controller hasn't seen the newest template has no current ReplicaSet",
    ...{ file: TARGET, from: "deployment.status?.observedGeneration !== generation ||", to: "" },
  },
  {
    rule: "4: a release is wanted as long as pods of it are gated",
    ...{
      file: "operator/reconcile/wanted.ts",
      from: `need.is === "release" ? [need.wanted] : []`,
      to: "[]",
    },
  },
  {
    rule: "5: never two runs of one resource",
    ...{ file: CHOOSE, from: "if (active !== null) return restart(ledger, active, observed);", to: "" },
  },
  {
    rule: "5: nothing starts before a Job that is no longer wanted is gone",
    ...{
      file: CHOOSE,
      from: "observed.migration.spec.suspend || strays(ledger, observed).length > 0) return",
      to: "observed.migration.spec.suspend) return",
    },
  },
  {
    rule: "5: nothing starts while it is suspended",
    ...{ file: CHOOSE, from: "if (observed.migration.spec.suspend || strays(", to: "if (strays(" },
  },
  {
    rule: "5: the newest comes first",
    ...{ file: "operator/reconcile/wanted.ts", from: "b.revision - a.revision", to: "a.revision - b.revision" },
  },
  {
    rule: "5: of a Deployment that was deleted, the revisions tell nothing",
    ...{ file: RESOLVE, from: "isOfAnother(replicaSet, followed) ? asLast(wanted) : wanted", to: "wanted" },
  },
  {
    rule: "5: what is proved isn't run again",
    ...{ file: CHOOSE, from: "!isProved(ledger, key) && releaseOf", to: "releaseOf" },
  },
  {
    rule: "5: what has failed for good isn't run again",
    ...{ file: CHOOSE, from: ` && releaseOf(ledger, key)?.state !== "Failed"`, to: "" },
  },
  {
    rule: "6: the same run again, where its Job wasn't made",
    ...{ file: CHOOSE, from: "start: orderOf(active, wanted, observed) };", to: "start: null };" },
  },
  {
    rule: "6: a Job's name tells the attempt",
    ...{ file: "operator/job/job-name.ts", from: "-${hash}-${attempt}", to: "-${hash}-1" },
  },
  {
    rule: "6: a Job of another epoch isn't taken for the run",
    ...{ file: SETTLE, from: "job.epoch === release.epoch &&", to: "" },
  },
  {
    rule: "6: a Job of another release isn't taken for the run",
    ...{ file: SETTLE, from: "job.key === release.key &&", to: "" },
  },
  {
    rule: "7: proof is exit code 0",
    ...{ file: SETTLE, from: "if (report.exitCode === 0 && isDone &&", to: "if (isDone &&" },
  },
  { rule: "7: proof is nothing pending", ...{ file: SETTLE, from: "report.pendingCount === 0 && ", to: "" } },
  {
    rule: "7: proof is of a database",
    ...{ file: SETTLE, from: " && report.database !== null) return null;", to: ") return null;" },
  },
  {
    rule: "7: switched off is no proof",
    ...{ file: SETTLE, from: `report.outcome === "SKIPPED" && !report.disabled`, to: `report.outcome === "SKIPPED"` },
  },
  {
    rule: "7: SKIPPED because nothing is pending is proof",
    ...{ file: SETTLE, from: `report.outcome === "SUCCESS" || (`, to: `report.outcome === "SUCCESS" && (` },
  },
  {
    rule: "7: an outcome of an older epoch, or the first one of another database, is recorded and not used",
    ...{
      file: SETTLE,
      from: `  if (release.epoch !== ledger.epoch) return withRelease(seen, unproved(release));
  if (release.epoch !== seen.epoch) return withRelease(seen, elsewhere(release, observed));
`,
      to: "",
    },
  },
  {
    rule: "8: proof is written before a gate is opened",
    ...{
      file: RECONCILE,
      from: `if (written === "conflict") return conflict(CONFLICT_MS * 2`,
      to: `if (Date.now() === 0) return conflict(CONFLICT_MS * 2`,
    },
  },
  {
    rule: "9: a pod passes with its own release's proof",
    ...{ file: LEDGER, from: `release?.state === "Applied" && `, to: "release !== null && " },
  },
  {
    rule: "9: proof of an older epoch opens nothing",
    ...{ file: LEDGER, from: " && release.epoch === ledger.epoch", to: "" },
  },
  {
    rule: "9: a pod passes when all that it names have proved it",
    ...{ file: GATE, from: " ?? others(unproved)", to: "" },
  },
  {
    rule: "9: what passes passes whatever else is the case",
    ...{
      file: DECIDE,
      from: "gates.open.length === 0 ? []",
      to: "gates.open.length === 0 || observed.migration.spec.suspend ? []",
    },
  },
  {
    rule: "9: the later of two that prove a pod at the same moment opens it",
    ...{ file: RECONCILE, from: ` || (isShared && written === "written")`, to: "" },
  },
  {
    rule: "10: nothing is opened without the lease",
    ...{ file: OPEN, from: "if (!leads())", to: "if (leads() === undefined)" },
  },
  {
    rule: "10: a pod is opened as it was when that was decided",
    ...{ file: OPEN, from: "metadata: { uid, resourceVersion }, spec", to: "metadata: { uid }, spec" },
  },
  {
    rule: "10: only our gate is taken away",
    ...{ file: OPEN, from: `[{ $patch: "delete", name: GATE }]`, to: "[]" },
  },
  {
    rule: "10: a pod that was written meanwhile is looked at again",
    ...{ file: OPEN, from: "if (now !== null) caches.gated.put(now);\n    return true;", to: "return false;" },
  },
  {
    rule: "10: a pod that is gone is forgotten",
    ...{
      file: OPEN,
      from: `if (isApiError(error, "NotFound")) {\n      caches`,
      to: `if (isApiError(error, "Gone")) {\n      caches`,
    },
  },
  {
    rule: "10: a worker passes by a proved release with its image",
    ...{ file: RESOLVE, from: "release.image === image", to: "release.image !== image" },
  },
  {
    rule: "10: a worker starts no run",
    ...{
      file: RESOLVE,
      from: "if (deployment.name === source.workload.name) {",
      to: "if (deployment.name !== null) {",
    },
  },
  {
    rule: "10: the annotation names the worker's container",
    ...{ file: RESOLVE, from: "pod.metadata.annotations?.[GATE_CONTAINER_ANNOTATION] ?? ", to: "" },
  },
  {
    rule: "11: who is held is told why",
    ...{ file: GATE, from: "gates.held.push(", to: "[].push.call([], " },
  },
  {
    rule: "12: proof is kept while its ReplicaSet has pods",
    ...{ file: DECIDE, from: "live !== null && live.has(release.key)", to: "false" },
  },
  {
    rule: "12: proof is kept of the newest ReplicaSets",
    ...{ file: TARGET, from: "index < KEPT || (", to: "(" },
  },
  {
    rule: "12: proof that nobody can need is forgotten",
    ...{ file: DECIDE, from: "index < MOST_KEPT && live !== null && live.has(release.key)", to: "index >= 0" },
  },
];
