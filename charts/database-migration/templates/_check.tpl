{{- /* What the schema can't say: a chart without its values has to be lintable, and templates have no value there. */}}
{{- define "database-migration.check" -}}
{{- $image := include "database-migration.sourceImage" . }}
{{- $configMap := include "database-migration.configMap" . }}
{{- if and (not $image) (not $configMap) }}
{{- fail "database-migration: where are the migrations? Set source.image, or source.configMap" }}
{{- end }}
{{- if and $image $configMap }}
{{- fail "database-migration: source.image and source.configMap exclude each other" }}
{{- end }}
{{- if and $configMap (eq .Values.source.format "Module") }}
{{- fail "database-migration: modules are never run from a ConfigMap: whoever may write it could run code in the Job" }}
{{- end }}
{{- if and (eq .Values.mode "gate") $configMap }}
{{- fail "database-migration: mode gate follows a Deployment's image: source.configMap is for the other modes" }}
{{- end }}
{{- if and (eq .Values.mode "gate") (not (include "database-migration.workload" .)) }}
{{- fail "database-migration: mode gate needs workload.name: the Deployment whose pods wait" }}
{{- end }}
{{- if not .Values.database.urlSecret.name }}
{{- fail "database-migration: database.urlSecret.name is needed: the Secret with the connection string" }}
{{- end }}
{{- if and .Values.database.ca.configMap .Values.database.ca.secret }}
{{- fail "database-migration: database.ca.configMap and database.ca.secret exclude each other" }}
{{- end }}
{{- end }}
