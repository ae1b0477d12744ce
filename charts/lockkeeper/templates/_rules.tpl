{{- /* What the operator may do where it watches: no more than it does. Nothing of Secrets and ConfigMaps. */}}
{{- define "lockkeeper.rules" -}}
- apiGroups: [lockkeeper.dev]
  resources: [databasemigrations]
  verbs: [get, list, watch]
- apiGroups: [lockkeeper.dev]
  resources: [databasemigrations/status]
  verbs: [patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
# Deletes those whose sidecars go on after the run's end, and opens our gate of others: a policy holds it to that.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch, delete]
{{- if .Values.rbac.podLogs }}
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- end }}
- apiGroups: [apps]
  resources: [deployments, replicasets]
  verbs: [get, list, watch]
# That a quota kept a Job's pod from being created is told in events only.
- apiGroups: [""]
  resources: [events]
  verbs: [list]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
