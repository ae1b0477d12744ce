{{- /* The pods' own selector where a constraint has none: without one it counts nothing. */}}
{{- define "lockkeeper.spread" -}}
{{- $byDefault := list }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
{{- $byDefault = append $byDefault (dict "topologyKey" . "maxSkew" 1 "whenUnsatisfiable" "ScheduleAnyway") }}
{{- end }}
{{- /* Of the new pods alone: in a rollout the old ones would count, and they go. */}}
{{- $own := dict "labelSelector" (dict "matchLabels" (include "lockkeeper.selector" . | fromYaml)) "matchLabelKeys" (list "pod-template-hash") }}
{{- $constraints := list }}
{{- range .Values.topologySpreadConstraints | default $byDefault }}
{{- $constraints = append $constraints (hasKey . "labelSelector" | ternary dict $own | merge dict .) }}
{{- end }}
{{- toYaml $constraints }}
{{- end }}
