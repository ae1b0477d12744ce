import { GROUP, PLURAL, VERSION } from "../../contract/resource/names.ts";
import type { Resource } from "./path.ts";

/** The kinds that reconciles write. */
export const MIGRATIONS: Resource = { api: `/apis/${GROUP}/${VERSION}`, plural: PLURAL };
export const JOBS: Resource = { api: "/apis/batch/v1", plural: "jobs" };
export const PODS: Resource = { api: "/api/v1", plural: "pods" };
