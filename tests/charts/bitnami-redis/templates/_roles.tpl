{{- /* The kinds of pods, each with the values it reads: with Sentinel every pod is a node that may be promoted. */ -}}
{{- define "roles" -}}
{{- if ne .Values.architecture "replication" -}}
master: master
{{- else if .Values.sentinel.enabled -}}
node: replica
{{- else -}}
master: master
replica: replica
{{- end -}}
{{- end -}}
