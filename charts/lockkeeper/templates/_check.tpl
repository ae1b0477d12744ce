{{- /* A CronJob's name has 52 characters at most. */}}
{{- define "lockkeeper.checkName" -}}
{{ include "lockkeeper.name" . | trunc 46 | trimSuffix "-" }}-check
{{- end }}

{{- /* Not those of the operator: its Service, NetworkPolicy and disruption budget are not for these pods. */}}
{{- define "lockkeeper.checkSelector" -}}
app.kubernetes.io/name: lockkeeper-check
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "lockkeeper.checkLabels" -}}
{{ include "lockkeeper.checkSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
