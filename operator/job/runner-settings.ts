/** What the operator builds into every Job. */
export type RunnerSettings = { runnerImage: string; runnerPullPolicy: "Always" | "IfNotPresent" | "Never" };
