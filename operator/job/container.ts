import type { JobSettings } from "../../contract/resource/spec.ts";

/** The user of our image, and the one that files are copied as: an image's own user may be root or a name. */
const USER = 65_532;

export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  seccompProfile: { type: "RuntimeDefault" },
};

/** For a runner with thousands of migrations. No limit of the CPU: a throttled run holds its locks longer. */
const RESOURCES = {
  requests: { cpu: "50m", memory: "128Mi" },
  limits: { memory: "512Mi" },
};

export type ContainerBasics = ReturnType<typeof containerBasics>;

/** What all containers of a run have. An empty `resources` is the same as none: a container without bounds isn't asked for. */
export const containerBasics = (resources: JobSettings["resources"]) => ({
  securityContext: {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
  resources: resources?.limits === undefined && resources?.requests === undefined ? RESOURCES : resources,
});
