{{- /* What is to be known after a release. Of this chart's own root; Helm prints the NOTES of no dependency. */}}
{{- define "database-migration.ownNotes" -}}
{{- if .Values.enabled }}
{{- $name := include "database-migration.name" . }}
{{- $resource := include "database-migration.resource" . }}
{{- $kubectl := printf "kubectl -n %s" .Release.Namespace }}
{{- if not .Values.migrate.enabled }}
Migrating is switched off (migrate.enabled): the schema is as it was, and no pod waits for it.
{{- else if eq .Values.mode "job" }}
The schema was migrated before the release's objects changed. What was done:
{{- else if eq .Values.mode "operator" }}
The operator migrated the schema before the release's objects changed. What was done:

  {{ $kubectl }} get databasemigration {{ $resource }}
{{- else }}
The operator migrates the schema; the Deployment's new pods start when it is there. What it does:

  {{ $kubectl }} get databasemigration {{ $resource }} --watch
  {{ $kubectl }} rollout status deployment/{{ include "database-migration.workload" . }}
{{- end }}
{{- if or (ne .Values.mode "gate") (and .Values.migrate.enabled .Values.hook.wait) }}

  {{ $kubectl }} logs job/{{ $name }}

The Job stays until the next upgrade. After a failed one its log says why, and what to do.
{{- end }}
{{- /* Of mode `operator`, if that was the one before. Whoever installs this mode may look: the other modes' may not. */}}
{{- $left := printf "%s-hook" $name }}
{{- if and (eq .Values.mode "gate") (.Capabilities.APIVersions.Has "lockkeeper.dev/v1alpha1") }}
{{- if lookup "lockkeeper.dev/v1alpha1" "DatabaseMigration" .Release.Namespace $left }}

The DatabaseMigration {{ $left }} is left of mode operator and isn't needed any more:

  {{ $kubectl }} delete databasemigration {{ $left }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* For the NOTES.txt of the application's chart, called with its own root. */}}
{{- define "database-migration.notes" -}}
{{- range .Subcharts }}
{{- if contains "lockkeeper.dev/database-migration" (toJson .Chart.Annotations) }}
{{ include "database-migration.ownNotes" . }}
{{- end }}
{{- end }}
{{- end }}
