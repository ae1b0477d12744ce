/** What a Job that the operator's account creates must not have: each is one change of a Job as it makes them. */

type Json = Record<string, unknown>;
export type JobObject = {
  metadata: Json;
  spec: { template: { spec: { containers: Json[]; volumes: Json[]; securityContext: Json } & Json } } & Json;
};

export type JobBreach = { has: string; message: string; change: (job: JobObject) => void };

const onlyOurs = "the operator handles Jobs of a DatabaseMigration only";
const noToken = "a run's pod gets no token of a service account";
const ownNode = "a run's pod shares nothing with its node";
const volumes = "a run's pod has volumes of a ConfigMap, a Secret, an image, or empty ones only";
const podStandard = 'a run\'s pod obeys the Pod Security Standard "restricted"';
const containerStandard = 'a run\'s containers obey the Pod Security Standard "restricted"';

const podOf = (job: JobObject) => job.spec.template.spec;
const security = (job: JobObject): Json => podOf(job).securityContext;
const containerSecurity = (job: JobObject): Json => podOf(job).containers[0]?.["securityContext"] as Json;

const owner = (change: Json) => (job: JobObject) => {
  const [first] = job.metadata["ownerReferences"] as Json[];
  job.metadata["ownerReferences"] = [{ ...first, ...change }];
};
const pod = (fields: Json) => (job: JobObject) => void Object.assign(podOf(job), fields);
const volume = (source: Json) => (job: JobObject) => void podOf(job).volumes.push({ name: "more", ...source });
const beside = (fields: Json) => (job: JobObject) => {
  const [first] = podOf(job).containers;
  podOf(job).containers.push({ ...first, name: "beside", ...fields });
};
const inSecurity = (fields: Json) => (job: JobObject) => void Object.assign(security(job), fields);
const inContainer = (fields: Json) => (job: JobObject) => void Object.assign(containerSecurity(job), fields);

export const jobBreaches: JobBreach[] = [
  { has: "no owner", message: onlyOurs, change: (job) => delete job.metadata["ownerReferences"] },
  { has: "an owner that doesn't control it", message: onlyOurs, change: owner({ controller: false }) },
  { has: "an owner of another kind", message: onlyOurs, change: owner({ kind: "Deployment" }) },
  { has: "an owner of another group", message: onlyOurs, change: owner({ apiVersion: "apps/v1" }) },
  {
    has: "an owner of a group that begins like ours",
    message: onlyOurs,
    change: owner({ apiVersion: "lockkeeper.dev.example.com/v1" }),
  },
  { has: "a token", message: noToken, change: pod({ automountServiceAccountToken: true }) },
  { has: "a token by default", message: noToken, change: (job) => delete podOf(job)["automountServiceAccountToken"] },
  { has: "the node's network", message: ownNode, change: pod({ hostNetwork: true }) },
  { has: "the node's processes", message: ownNode, change: pod({ hostPID: true }) },
  { has: "the node's IPC", message: ownNode, change: pod({ hostIPC: true }) },
  { has: "a folder of the node", message: volumes, change: volume({ hostPath: { path: "/" } }) },
  {
    has: "a projected token",
    message: volumes,
    change: volume({ projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }),
  },
  { has: "a claim", message: volumes, change: volume({ persistentVolumeClaim: { claimName: "data" } }) },
  { has: "a CSI driver's volume", message: volumes, change: volume({ csi: { driver: "any.example.com" } }) },
  { has: "no pod security", message: podStandard, change: (job) => delete podOf(job)["securityContext" as never] },
  { has: "the user root", message: podStandard, change: inSecurity({ runAsUser: 0 }) },
  { has: "any user", message: podStandard, change: inSecurity({ runAsNonRoot: false }) },
  { has: "no seccomp", message: podStandard, change: inSecurity({ seccompProfile: { type: "Unconfined" } }) },
  { has: "no AppArmor", message: podStandard, change: inSecurity({ appArmorProfile: { type: "Unconfined" } }) },
  { has: "an SELinux type", message: podStandard, change: inSecurity({ seLinuxOptions: { type: "spc_t" } }) },
  { has: "a sysctl", message: podStandard, change: inSecurity({ sysctls: [{ name: "kernel.msgmax", value: "1" }] }) },
  {
    has: "privileges",
    message: containerStandard,
    change: inContainer({ privileged: true, allowPrivilegeEscalation: true }),
  },
  { has: "a way to privileges", message: containerStandard, change: inContainer({ allowPrivilegeEscalation: true }) },
  { has: "capabilities", message: containerStandard, change: inContainer({ capabilities: {} }) },
  {
    has: "a capability more",
    message: containerStandard,
    change: inContainer({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } }),
  },
  { has: "a container of root", message: containerStandard, change: inContainer({ runAsUser: 0 }) },
  { has: "a container of any user", message: containerStandard, change: inContainer({ runAsNonRoot: false }) },
  {
    has: "a container without seccomp",
    message: containerStandard,
    change: inContainer({ seccompProfile: { type: "Unconfined" } }),
  },
  {
    has: "a container that sees all of /proc",
    message: containerStandard,
    change: (job) => {
      podOf(job)["hostUsers"] = false;
      inContainer({ procMount: "Unmasked" })(job);
    },
  },
  {
    has: "a container without AppArmor",
    message: containerStandard,
    change: inContainer({ appArmorProfile: { type: "Unconfined" } }),
  },
  {
    has: "a container with an SELinux type",
    message: containerStandard,
    change: inContainer({ seLinuxOptions: { type: "spc_t" } }),
  },
  {
    has: "a port of the node",
    message: containerStandard,
    change: beside({ ports: [{ containerPort: 80, hostPort: 80 }] }),
  },
  { has: "a second container as it likes", message: containerStandard, change: beside({ securityContext: {} }) },
  {
    has: "an init container as it likes",
    message: containerStandard,
    change: pod({ initContainers: [{ name: "first", image: "busybox" }] }),
  },
];
