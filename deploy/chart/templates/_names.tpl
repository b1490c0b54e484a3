{{/* Labels of every object. Takes (dict "root" $ "component" "gateway"). */}}
{{- define "connaisseur.labels" -}}
{{ include "connaisseur.selector" . }}
app.kubernetes.io/part-of: connaisseur-ts
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- with .root.Values.kubernetes.additionalLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What selects the pods of a component: never anything that a user sets. */}}
{{- define "connaisseur.selector" -}}
app.kubernetes.io/name: connaisseur
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of pods: without the chart's version, so that a new chart alone restarts nothing. */}}
{{- define "connaisseur.podLabels" -}}
{{ include "connaisseur.selector" . }}
app.kubernetes.io/part-of: connaisseur-ts
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "connaisseur.isForeignImage" -}}
{{- if regexMatch "(^|/)securesystemsengineering/connaisseur$" (.Values.kubernetes.deployment.image.repository | default "") }}true{{ end }}
{{- end }}

{{/* The one image. The image of Connaisseur 3 has none of our commands: the chart's own takes its place. */}}
{{- define "connaisseur.image" -}}
{{- $image := .Values.kubernetes.deployment.image -}}
{{- if include "connaisseur.isForeignImage" . -}}
{{ printf "connaisseur:%s" .Chart.AppVersion }}
{{- else if $image.digest -}}
{{ printf "%s@%s" ($image.repository | default "connaisseur") $image.digest }}
{{- else -}}
{{ printf "%s:%v" ($image.repository | default "connaisseur") ($image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "connaisseur.redisImage" -}}
{{- $image := .Values.kubernetes.redis.image -}}
{{- if $image.digest -}}
{{ printf "%s@%s" $image.repository $image.digest }}
{{- else -}}
{{ printf "%s:%v" $image.repository ($image.tag | default "7") }}
{{- end }}
{{- end }}

{{- define "connaisseur.webhookLabel" -}}securesystemsengineering.connaisseur/webhook{{- end }}
