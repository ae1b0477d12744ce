import type { ContainerStatus, ContainerState, ObjectCondition, Pod } from "../kubernetes/objects.ts";

export type Terminated = NonNullable<ContainerState["terminated"]>;

export const conditionOf = (
  conditions: ObjectCondition[] | undefined,
  type: string,
  status: string,
): ObjectCondition | undefined =>
  conditions?.find((condition) => condition.type === type && condition.status === status);

export const podCondition = ({ status }: Pod, type: string, is: string): ObjectCondition | undefined =>
  conditionOf(status?.conditions, type, is);

/** Init containers too: injectors make sidecars of them. */
export function containerOf({ status }: Pod, name: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = status ?? {};
  return [...containerStatuses, ...initContainerStatuses].find((container) => container.name === name);
}

/** Kubernetes leaves times out, or null, or at 1970 where it doesn't know. */
export const timeOf = (text: string | null | undefined): string | null =>
  text === undefined || text === null || text === "" || text.startsWith("1970-") || text.startsWith("0001-")
    ? null
    : text;
