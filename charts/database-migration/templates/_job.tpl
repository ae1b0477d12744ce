{{- /* What each hook's Job has in its spec before its pod, and each of their pods before its containers. */}}
{{- define "database-migration.jobSpec" -}}
completions: 1
parallelism: 1
# A failed migration fails the release: one try, and never a second pod beside the first.
backoffLimit: 0
podReplacementPolicy: Failed
# A backstop: with the pod its report goes. The program's own time-out comes first.
activeDeadlineSeconds: {{ sub .Values.timeoutSeconds 10 }}
# No ttlSecondsAfterFinished: a Job that goes while Helm waits is a success for Helm 3, and never ends for Helm 4.
{{- end }}

{{- define "database-migration.podSpec" -}}
restartPolicy: Never
serviceAccountName: {{ include "database-migration.serviceAccount" . }}
enableServiceLinks: false
terminationGracePeriodSeconds: 30
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* A Job of `root` that runs kubectl-lockkeeper with `args`: made when `when` says, with the `manifest` if that is true. */}}
{{- define "database-migration.askJob" -}}
{{- $root := .root -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "database-migration.name" $root }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "database-migration.labels" $root | nindent 4 }}
  annotations:
    {{- include "database-migration.annotations" $root | nindent 4 }}
    {{- include "database-migration.hook" (dict "root" $root "when" .when "kept" true) | nindent 4 }}
spec:
  {{- include "database-migration.jobSpec" $root | nindent 2 }}
  template:
    metadata:
      labels: {{- include "database-migration.labels" $root | nindent 8 }}
      annotations: {{- include "database-migration.annotations" $root | nindent 8 }}
    spec:
      {{- include "database-migration.podSpec" $root | nindent 6 }}
      # It asks the API server; the migrations run in a Job of the operator's, which has no token.
      automountServiceAccountToken: true
      containers:
        - name: kubectl-lockkeeper
          image: {{ include "database-migration.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [/nodejs/bin/node, /app/kubectl-lockkeeper.cjs]
          args:
            {{- range .args }}
            - {{ include "database-migration.literal" . }}
            {{- end }}
          # The last lines of its log, where the pod's end is looked at.
          terminationMessagePolicy: FallbackToLogsOnError
          resources: {{- toYaml $root.Values.resources | nindent 12 }}
          securityContext: {{- include "database-migration.containerSecurity" $root | nindent 12 }}
          {{- if .manifest }}
          volumeMounts:
            - name: manifest
              mountPath: /manifest
              readOnly: true
          {{- end }}
      {{- if .manifest }}
      volumes:
        - name: manifest
          configMap:
            name: {{ include "database-migration.name" $root }}
            defaultMode: 0444
      {{- end }}
{{- end }}
