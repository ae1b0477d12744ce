{{- define "lockkeeper.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- /* Of what belongs to no namespace: two releases of one name may be in one cluster. */}}
{{- define "lockkeeper.clusterName" -}}
{{ include "lockkeeper.name" . }}-{{ .Release.Namespace }}
{{- end }}

{{- define "lockkeeper.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "lockkeeper.name" .) }}
{{- end }}

{{- /* Its name as the API server knows it. */}}
{{- define "lockkeeper.user" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "lockkeeper.serviceAccount" . }}
{{- end }}

{{- define "lockkeeper.lease" -}}
{{ include "lockkeeper.name" . }}-operator
{{- end }}

{{- define "lockkeeper.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* The Secret of the ops token; empty: there is none. */}}
{{- define "lockkeeper.opsToken" -}}
{{ if .Values.ops.enabled }}{{ .Values.ops.tokenSecret.name }}{{ end }}
{{- end }}

{{- /* The watched namespaces, divided by commas; empty: all. */}}
{{- define "lockkeeper.namespaces" -}}
{{- if not .Values.watch.allNamespaces }}
{{- .Values.watch.namespaces | default (list .Release.Namespace) | uniq | join "," }}
{{- end }}
{{- end }}

{{- define "lockkeeper.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "lockkeeper.labels" -}}
{{ include "lockkeeper.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* One that is surely watched. */}}
{{- define "lockkeeper.testNamespace" -}}
{{ splitList "," (include "lockkeeper.namespaces" .) | first | default .Release.Namespace }}
{{- end }}
