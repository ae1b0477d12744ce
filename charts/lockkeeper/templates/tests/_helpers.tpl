{{- define "lockkeeper.testName" -}}
{{ include "lockkeeper.name" . }}-test
{{- end }}

{{- /* Of `root`, with `suffix` to its name and `weight` in the order of hooks. */}}
{{- define "lockkeeper.testMetadata" -}}
name: {{ include "lockkeeper.testName" .root }}{{ .suffix }}
namespace: {{ include "lockkeeper.testNamespace" .root }}
# Not those of the operator: its NetworkPolicy and its disruption budget are not for this pod.
labels:
  app.kubernetes.io/name: lockkeeper-test
  app.kubernetes.io/instance: {{ .root.Release.Name }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
annotations:
  helm.sh/hook: test
  helm.sh/hook-weight: {{ .weight | quote }}
  # What failed stays, to be looked at.
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
