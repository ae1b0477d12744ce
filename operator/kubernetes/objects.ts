/**
 * What the operator keeps and reads of Kubernetes' objects: structural types over raw JSON. The watches drop everything
 * else (operator/watch/trim.ts), so a field that isn't here isn't in the caches.
 */

export type OwnerReference = { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean };

export type Meta = {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
};

export type KubernetesObject = { metadata: Meta };

export type ObjectCondition = {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
};

export type Job = KubernetesObject & {
  status?: { active?: number; conditions?: ObjectCondition[]; startTime?: string };
};

export type ContainerState = {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: {
    exitCode: number;
    signal?: number;
    reason?: string;
    message?: string;
    startedAt?: string;
    finishedAt?: string;
  };
};
export type ContainerStatus = { name: string; image?: string; imageID?: string; state?: ContainerState };

export type Pod = KubernetesObject & {
  spec: { nodeName?: string };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    startTime?: string;
    conditions?: ObjectCondition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
};

/** A pod that waits at its scheduling gates. */
export type GatedPod = KubernetesObject & { spec: { schedulingGates?: { name: string }[] } };

export type Toleration = {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
};

/** Of a pod template: the images, and what a run's Job takes over where its own spec doesn't say. */
export type PodTemplate = {
  spec: {
    containers: { name: string; image: string }[];
    serviceAccountName?: string;
    imagePullSecrets?: { name: string }[];
    nodeSelector?: Record<string, string>;
    tolerations?: Toleration[];
  };
};

export type Deployment = KubernetesObject & {
  spec: {
    replicas?: number;
    template: PodTemplate;
    strategy?: { type?: string; rollingUpdate?: { maxUnavailable?: number | string } };
    progressDeadlineSeconds?: number;
  };
  status?: { observedGeneration?: number };
};

export type ReplicaSet = KubernetesObject & { spec: { replicas?: number; template: PodTemplate } };

/** `NAMESPACE/NAME`: what queues and stores are keyed by. */
export const keyOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace}/${metadata.name}`;

/** The uid of the owner that controls it, or null. */
export const controllerOf = ({ metadata }: KubernetesObject): OwnerReference | null =>
  metadata.ownerReferences?.find(({ controller }) => controller === true) ?? null;
