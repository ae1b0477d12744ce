{{- /* The runner's command line. Values are never arguments of their own: none can be taken for a flag. */}}
{{- define "database-migration.args" -}}
{{- $configMap := include "database-migration.configMap" . }}
{{- $mounted := and (not $configMap) (eq (include "database-migration.copy" .) "ImageVolume") }}
{{- $flags := list
  (list "dir" (ternary (printf "/source%s" (include "database-migration.path" .)) "/migrations" $mounted))
  (list "format" (lower .Values.source.format))
  (list "history-format" (lower .Values.history.format))
  (list "history-table" .Values.history.table)
  (list "run-log-table" .Values.runLog.table)
  (list "run-log-retention" .Values.runLog.retention)
  (list "source" ($configMap | default (include "database-migration.sourceImage" .)))
  (list "report" "/dev/termination-log")
  (list "lock-wait" .Values.lock.wait)
  (list "lock-timeout" .Values.lock.timeout)
  (list "lock-retries" (toString .Values.lock.retries))
  (list "statement-timeout" .Values.statementTimeout)
  (list "run-timeout" (printf "%ds" (sub .Values.timeoutSeconds 60)))
  (list "baseline" .Values.apply.baseline)
}}
{{- if or .Values.database.ca.configMap .Values.database.ca.secret }}
{{- $flags = append $flags (list "ca-file" "/etc/lockkeeper/ca/ca.crt") }}
{{- end }}
- migrate
{{- range $flags }}
{{- if last . }}
- {{ include "database-migration.literal" (printf "--%s=%s" (first .) (last .)) }}
{{- end }}
{{- end }}
{{- if .Values.apply.allowDrift }}
- --allow-drift
{{- end }}
{{- if .Values.apply.allowOutOfOrder }}
- --allow-out-of-order
{{- end }}
{{- end }}
