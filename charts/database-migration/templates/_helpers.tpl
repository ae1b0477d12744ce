{{- /* The alias of a dependency is its chart's name: two databases of one application get two Jobs. */}}
{{- define "database-migration.name" -}}
{{- $name := printf "%s-%s" .Release.Name .Chart.Name | replace "." "-" }}
{{- if gt (len $name) 52 }}{{ $name | trunc 41 | trimSuffix "-" }}-{{ sha256sum $name | trunc 10 }}{{ else }}{{ $name }}{{ end }}
{{- end }}

{{- define "database-migration.serviceAccount" -}}
{{- with .Values.serviceAccount }}
{{- .name | default (ternary (include "database-migration.name" $) "default" .create) }}
{{- end }}
{{- end }}

{{- define "database-migration.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "database-migration.sourceImage" -}}
{{ tpl .Values.source.image . | trim }}
{{- end }}

{{- define "database-migration.configMap" -}}
{{ tpl .Values.source.configMap . | trim }}
{{- end }}

{{- define "database-migration.workload" -}}
{{ tpl .Values.workload.name . | trim }}
{{- end }}

{{- define "database-migration.copy" -}}
{{- if ne .Values.source.copy "Auto" }}{{ .Values.source.copy }}
{{- else if semverCompare ">=1.35.0-0" .Capabilities.KubeVersion.Version }}ImageVolume
{{- else }}InitContainer
{{- end }}
{{- end }}

{{- /* A path that climbs out of the image would name a folder of the runner's own. */}}
{{- define "database-migration.path" -}}
{{ clean (printf "/%s" .Values.source.path) }}
{{- end }}

{{- /* The kubelet would put a variable's value in the place of $(NAME), and with it the password where everybody may read it. */}}
{{- define "database-migration.literal" -}}
{{ . | replace "$" "$$" | quote }}
{{- end }}

{{- define "database-migration.labels" -}}
{{- $own := dict "app.kubernetes.io/name" "lockkeeper-run" "app.kubernetes.io/instance" .Release.Name "app.kubernetes.io/component" "migration" }}
{{- $helms := dict "app.kubernetes.io/managed-by" .Release.Service "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version) }}
{{- toYaml (merge $own $helms .Values.labels) }}
{{- end }}

{{- /* A sidecar goes on after the runner's end, and Helm would wait for it; and a migration isn't moved to another node to save one. */}}
{{- define "database-migration.annotations" -}}
{{- $meshes := dict "sidecar.istio.io/inject" "false" "linkerd.io/inject" "disabled" }}
{{- $scalers := dict "cluster-autoscaler.kubernetes.io/safe-to-evict" "false" "karpenter.sh/do-not-disrupt" "true" }}
{{- toYaml (merge dict .Values.annotations $meshes $scalers) }}
{{- end }}

{{- define "database-migration.containerSecurity" -}}
runAsNonRoot: true
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
