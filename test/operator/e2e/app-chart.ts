/** An application's own chart, as somebody would write it who has database-migration as a dependency. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { chartFolder } from "../helm.ts";

/** What keeps running, and tells by its environment which release it is of. */
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  {{- with include "database-migration.progressDeadline" . }}{{ . | nindent 2 }}{{ end }}
  strategy: { rollingUpdate: { maxUnavailable: 0 } }
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      {{- with include "database-migration.podAnnotations" . }}
      annotations: {{- . | nindent 8 }}
      {{- end }}
    spec:
      {{- with include "database-migration.schedulingGates" . }}{{ . | nindent 6 }}{{ end }}
      terminationGracePeriodSeconds: 1
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: web
          image: {{ .Values.runs | default .Values.global.image }}
          command: {{ .Values.command | toJson }}
          env:
            - { name: RELEASE, value: {{ .Values.global.image | quote }} }
            {{- include "database-migration.webEnv" . | nindent 12 }}
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
`;

/** Writes the chart into the folder. Its dependency is still to be fetched: `helm dependency update FOLDER`. */
export async function writeAppChart(folder: string): Promise<void> {
  await mkdir(join(folder, "templates"), { recursive: true });
  const name = "database-migration";
  const dependency = { name, version: "*", repository: `file://${chartFolder(name)}` };
  const values = { command: ["/nodejs/bin/node", "--eval", "setInterval(() => {}, 1000)"] };
  await writeFile(join(folder, "values.yaml"), stringify(values));
  const chart = { apiVersion: "v2", name: "web", version: "1.0.0", dependencies: [dependency] };
  await writeFile(join(folder, "Chart.yaml"), stringify(chart));
  await writeFile(join(folder, "templates", "deployment.yaml"), deployment);
  await writeFile(join(folder, "templates", "NOTES.txt"), '{{ include "database-migration.notes" . }}');
}
