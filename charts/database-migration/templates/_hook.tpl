{{- /*
The annotations of a hook's object, of `root`: `when` it is made (before or after the release's objects), its place `before` the Job in the order of hooks, and whether it is `kept` when the hooks have succeeded.
No delete policy takes what failed: it has to stay, with its log; and without one the second upgrade says "already exists".
Argo CD ignores all hooks of Helm's where it finds one of its own.
*/}}
{{- define "database-migration.hook" -}}
{{- $values := .root.Values.hook }}
{{- $weight := sub $values.weight (.before | default 0) }}
{{- if eq $values.for "ArgoCD" -}}
argocd.argoproj.io/hook: {{ eq .when "before" | ternary "PreSync" "PostSync" }}
argocd.argoproj.io/hook-delete-policy: BeforeHookCreation{{ .kept | ternary "" ",HookSucceeded" }}
argocd.argoproj.io/sync-wave: {{ $weight | quote }}
{{- else -}}
helm.sh/hook: {{ eq .when "before" | ternary "pre-install,pre-upgrade" "post-install,post-upgrade" }}
helm.sh/hook-delete-policy: before-hook-creation{{ .kept | ternary "" ",hook-succeeded" }}
helm.sh/hook-weight: {{ $weight | quote }}
{{- end }}
{{- end }}
