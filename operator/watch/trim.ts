/**
 * What is kept of each object: the fields of objects.ts and nothing else, in new objects, so that the answer that they came
 * in can go.
 */
import { GROUP } from "../../contract/resource/names.ts";
import type {
  ContainerStatus,
  Deployment,
  GatedPod,
  Job,
  KubernetesObject,
  Meta,
  ObjectCondition,
  Pod,
  PodTemplate,
  ReplicaSet,
} from "../kubernetes/objects.ts";
import type { RawMigration } from "./migration.ts";
import { shareStrings } from "./share.ts";

const REVISION = "deployment.kubernetes.io/revision";

export function trimMigration({ metadata, spec, status }: RawMigration): RawMigration {
  const kept = { metadata: trimMeta(metadata), spec };
  return shareStrings(status === undefined ? kept : { ...kept, status });
}

export function trimJob({ metadata, status }: Job): Job {
  const { active, conditions, startTime } = status ?? {};
  return shareStrings({
    metadata: trimMeta(metadata),
    status: present({ active, conditions: conditions?.map(trimCondition), startTime }),
  });
}

export function trimPod({ metadata, spec, status }: Pod): Pod {
  const { phase, reason, message, startTime, conditions, initContainerStatuses, containerStatuses } = status ?? {};
  return shareStrings({
    metadata: trimMeta(metadata),
    spec: present({ nodeName: spec.nodeName }),
    status: present({
      ...{ phase, reason, message, startTime, conditions: conditions?.map(trimCondition) },
      initContainerStatuses: initContainerStatuses?.map(trimContainerStatus),
      containerStatuses: containerStatuses?.map(trimContainerStatus),
    }),
  });
}

export const trimGatedPod = ({ metadata, spec }: GatedPod): GatedPod => ({
  metadata: trimMeta(metadata),
  spec: present({ schedulingGates: spec.schedulingGates?.map(({ name }) => ({ name })) }),
});

export function trimDeployment({ metadata, spec, status }: Deployment): Deployment {
  const { replicas, strategy, progressDeadlineSeconds } = spec;
  return {
    metadata: trimMeta(metadata),
    spec: {
      ...present({ replicas, progressDeadlineSeconds, strategy: strategy && trimStrategy(strategy) }),
      template: trimTemplate(spec.template),
    },
    status: present({ observedGeneration: status?.observedGeneration }),
  };
}

function trimStrategy({
  type,
  rollingUpdate,
}: NonNullable<Deployment["spec"]["strategy"]>): Deployment["spec"]["strategy"] {
  const unavailable = rollingUpdate && present({ maxUnavailable: rollingUpdate.maxUnavailable });
  return present({ type, rollingUpdate: unavailable });
}

export function trimReplicaSet({ metadata, spec }: ReplicaSet): ReplicaSet {
  return {
    metadata: trimMeta(metadata),
    spec: { ...present({ replicas: spec.replicas }), template: trimTemplate(spec.template) },
  };
}

function trimMeta({ annotations, ...meta }: KubernetesObject["metadata"]): Meta {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = meta;
  const { generation, deletionTimestamp, labels, ownerReferences } = meta;
  return {
    ...{ name, namespace, uid, resourceVersion, creationTimestamp },
    ...present({
      ...{ generation, deletionTimestamp, labels, annotations: annotations && trimAnnotations(annotations) },
      ownerReferences: ownerReferences?.map((owner) => ({
        ...{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid },
        ...present({ controller: owner.controller }),
      })),
    }),
  };
}

/** Ours, and the Deployment's revision: others hold whole manifests (kubectl's last-applied-configuration). */
function trimAnnotations(annotations: Record<string, string>): Record<string, string> | undefined {
  const kept = Object.entries(annotations).filter(([name]) => name.startsWith(`${GROUP}/`) || name === REVISION);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

const trimCondition = ({ type, status, reason, message, lastTransitionTime }: ObjectCondition): ObjectCondition => ({
  ...{ type, status },
  ...present({ reason, message, lastTransitionTime }),
});

function trimContainerStatus({ name, image, imageID, state }: ContainerStatus): ContainerStatus {
  return { name, ...present({ image, imageID, state }) };
}

function trimTemplate({ spec }: PodTemplate): PodTemplate {
  const { serviceAccountName, imagePullSecrets, nodeSelector, tolerations } = spec;
  return {
    spec: {
      containers: spec.containers.map(({ name, image }) => ({ name, image })),
      ...present({ serviceAccountName, imagePullSecrets, nodeSelector, tolerations }),
    },
  };
}

/** Without the fields that aren't there. */
type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
