/** What to do about a resource that is stalled, as commands where there is one. */
type About = { name: string; namespace: string; job: string | null };

export function cureOf(reason: string, { name, namespace, job }: About): string[] {
  const again = `kubectl lockkeeper retry ${name} -n ${namespace}, once it is cured`;
  const log = job === null ? [] : [`kubectl logs job/${job} -n ${namespace} has the whole run`];
  switch (reason) {
    case "Deleted":
    case "Superseded":
      return [];
    case "Suspended":
      return ["set spec.suspend to false"];
    case "InvalidSpec":
    case "ContainerNotFound":
      return ["correct the spec"];
    case "JobConflict":
      return ["delete that Job"];
    case "MigrationFailed":
      return ["correct the migration and deploy anew", ...log];
    case "LockTimeout":
      return [again];
    default:
      return [again, ...log];
  }
}
