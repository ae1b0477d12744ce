{{- /* For the chart of the application, called with its own root: `{{ include "database-migration.webEnv" . }}`. */}}

{{- /* For the containers of the application: they don't migrate at their start. */}}
{{- define "database-migration.webEnv" -}}
- name: DB_MIGRATE_ENABLED
  value: "0"
- name: DB_MIGRATE_RUNNER
  value: web-startup
{{- end }}

{{- /* The resources that pods wait for, divided by commas: of each dependency on this chart, whatever its alias, in mode `gate`. */}}
{{- define "database-migration.waitsFor" -}}
{{- $names := list }}
{{- range .Subcharts }}
{{- if contains "lockkeeper.dev/database-migration" (toJson .Chart.Annotations) }}
{{- if include "database-migration.gates" . }}
{{- $names = append $names (include "database-migration.resource" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- sortAlpha $names | join "," }}
{{- end }}

{{- /* Whether pods wait, of this chart's own root. */}}
{{- define "database-migration.gates" -}}
{{- if and .Values.enabled .Values.migrate.enabled (eq .Values.mode "gate") }}yes{{ end }}
{{- end }}

{{- /* Whether a hook waits with them. */}}
{{- define "database-migration.waits" -}}
{{- if .Values.hook.wait }}{{ include "database-migration.gates" . }}{{ end }}
{{- end }}

{{- /* An annotation of the pod template, in mode `gate`; otherwise nothing. */}}
{{- define "database-migration.podAnnotations" -}}
{{- with include "database-migration.waitsFor" . -}}
lockkeeper.dev/migration: {{ . | quote }}
{{- end }}
{{- end }}

{{- /* A field of the pod's spec, in mode `gate`; otherwise nothing. */}}
{{- define "database-migration.schedulingGates" -}}
{{- if include "database-migration.waitsFor" . -}}
schedulingGates:
  - name: lockkeeper.dev/migration
{{- end }}
{{- end }}

{{- /* A field of the Deployment's spec, in mode `gate`; otherwise nothing. Past it Helm 4 and Flux call the rollout failed, and gated pods count. */}}
{{- define "database-migration.progressDeadline" -}}
{{- $seconds := 0 }}
{{- range .Subcharts }}
{{- if contains "lockkeeper.dev/database-migration" (toJson .Chart.Annotations) }}
{{- if include "database-migration.gates" . }}
{{- $seconds = max $seconds (.Values.gate.progressDeadlineSeconds | default (add .Values.timeoutSeconds 600)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $seconds -}}
progressDeadlineSeconds: {{ $seconds }}
{{- end }}
{{- end }}
