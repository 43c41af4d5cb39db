{{- /* The kinds of pods, each with the values it reads: with Sentinel every pod is a node that may be promoted. */ -}}
{{- define "roles" -}}
{{- if ne .Values.architecture "replication" -}}
primary: primary
{{- else if .Values.sentinel.enabled -}}
node: replica
{{- else -}}
primary: primary
replica: replica
{{- end -}}
{{- end -}}
