{{- define "workoutlog.selector" -}}
app.kubernetes.io/name: workoutlog
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "workoutlog.labels" -}}
{{ include "workoutlog.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
