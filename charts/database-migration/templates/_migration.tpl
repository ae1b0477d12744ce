{{- /*
The DatabaseMigration. In the modes `operator` and `gate` it has another name: Helm 3 doesn't change a custom resource that it
adopts, and deletes the one that a release no longer has.
*/}}
{{- define "database-migration.resource" -}}
{{ include "database-migration.name" . }}{{ eq .Values.mode "operator" | ternary "-hook" "" }}
{{- end }}

{{- define "database-migration.migration" -}}
{{- $gate := eq .Values.mode "gate" }}
{{- $configMap := include "database-migration.configMap" . }}
{{- $metadata := dict "name" (include "database-migration.resource" .) "namespace" .Release.Namespace "labels" (include "database-migration.labels" . | fromYaml) }}
{{- $urlFrom := dict "secretKeyRef" (dict "name" .Values.database.urlSecret.name "key" .Values.database.urlSecret.key) }}
{{- $database := dict "urlFrom" $urlFrom }}
{{- with .Values.database.ca }}
{{- if .configMap }}
{{- $_ := set $database "caFrom" (dict "configMapKeyRef" (dict "name" .configMap "key" .key)) }}
{{- else if .secret }}
{{- $_ := set $database "caFrom" (dict "secretKeyRef" (dict "name" .secret "key" .key)) }}
{{- end }}
{{- end }}
{{- $source := dict "format" .Values.source.format }}
{{- if $configMap }}
{{- $_ := set $source "configMap" (dict "name" $configMap) }}
{{- else }}
{{- $_ := set $source "path" (include "database-migration.path" .) }}
{{- $_ := set $source "copy" .Values.source.copy }}
{{- end }}
{{- if $gate }}
{{- $workload := dict "kind" "Deployment" "name" (include "database-migration.workload" .) }}
{{- with .Values.workload.container }}{{ $_ := set $workload "container" . }}{{ end }}
{{- $_ := set $source "workload" $workload }}
{{- else if not $configMap }}
{{- $_ := set $source "image" (dict "ref" (include "database-migration.sourceImage" .) "pullPolicy" .Values.source.pullPolicy) }}
{{- end }}
{{- $job := dict "resources" .Values.resources }}
{{- range $name := list "nodeSelector" "tolerations" "imagePullSecrets" "priorityClassName" "labels" "annotations" }}
{{- with index $.Values $name }}{{ $_ := set $job $name . }}{{ end }}
{{- end }}
{{- if not $gate }}
{{- /* Each release asks the database anew: a tag may have been pushed again, a database restored. */}}
{{- $_ := set $metadata "annotations" (dict "lockkeeper.dev/recheck" (printf "%d-%d" .Release.Revision (now | unixEpoch | int64))) }}
{{- end }}
{{- $timeouts := dict "statement" .Values.statementTimeout "run" (printf "%ds" (sub .Values.timeoutSeconds 60)) }}
{{- $spec := dict "database" $database "source" $source "job" $job "timeouts" $timeouts "suspend" (not .Values.migrate.enabled) }}
{{- range $name := list "lock" "retry" "apply" "drift" "runLog" "history" }}
{{- $_ := set $spec $name (index $.Values $name) }}
{{- end }}
{{- toYaml (dict "apiVersion" "lockkeeper.dev/v1alpha1" "kind" "DatabaseMigration" "metadata" $metadata "spec" $spec) }}
{{- end }}
