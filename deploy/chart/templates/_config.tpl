{{/* The policy as the processes read it: credentials are in Secrets, and only their names stay. */}}
{{- define "connaisseur.config" -}}
{{- $application := deepCopy .Values.application -}}
{{- $validators := list -}}
{{- range $application.validators -}}
{{- $validator := . -}}
{{- if include "connaisseur.hasInlineAuth" . -}}
{{- $validator = set $validator "auth" (dict "secretName" (include "connaisseur.authSecret" .)) -}}
{{- end -}}
{{- $validators = append $validators $validator -}}
{{- end -}}
{{- $_ := set $application "validators" $validators -}}
{{ toYaml $application }}
{{- end }}

{{- define "connaisseur.hasInlineAuth" -}}
{{- $auth := .auth | default dict -}}
{{- if or $auth.username $auth.password }}true{{ end }}
{{- end }}

{{/* Takes a validator. */}}
{{- define "connaisseur.authSecret" -}}
{{- $name := printf "%s-auth" .name -}}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$" $name) -}}
{{- fail (printf "application.validators: the credentials of %q go into a Secret of that name with -auth: expected lower case letters, digits and \"-\" in the name, or auth.secretName with a Secret of yours" .name) -}}
{{- end -}}
{{ $name }}
{{- end }}

{{/* The Secrets of all validators as a JSON list of names. */}}
{{- define "connaisseur.authSecrets" -}}
{{- $names := list -}}
{{- range .Values.application.validators -}}
{{- if include "connaisseur.hasInlineAuth" . }}{{ $names = append $names (include "connaisseur.authSecret" .) }}
{{- else if dig "auth" "secretName" "" . }}{{ $names = append $names .auth.secretName }}{{ end -}}
{{- end -}}
{{ $names | uniq | toJson }}
{{- end }}

{{/* The Secrets that the user makes and that must be there before the first start, as a JSON list. */}}
{{- define "connaisseur.userSecrets" -}}
{{- $names := list -}}
{{- range .Values.application.validators -}}
{{- if not (include "connaisseur.hasInlineAuth" .) }}{{ with dig "auth" "secretName" "" . }}{{ $names = append $names . }}{{ end }}{{ end -}}
{{- end -}}
{{- with .Values.kubernetes.alerting.existingConfigSecret }}{{ $names = append $names . }}{{ end -}}
{{- if eq .Values.kubernetes.certificates.source "own" }}{{ $names = append $names .Values.kubernetes.certificates.secretName }}{{ end -}}
{{- $external := .Values.kubernetes.redis.external -}}
{{- if $external.enabled -}}
{{- range list $external.secretName $external.gatewaySecretName $external.verifierSecretName $external.alertingSecretName -}}
{{- with . }}{{ $names = append $names . }}{{ end -}}
{{- end -}}
{{- end -}}
{{ $names | uniq | sortAlpha | toJson }}
{{- end }}

{{/* The document of the alerts: URLs and headers are secrets, so it is one. */}}
{{- define "connaisseur.alertConfig" -}}
{{ toYaml (omit (.Values.alerting | default dict) "templates") }}
{{- end }}

{{- define "connaisseur.alertConfigSecret" -}}
{{ .Values.kubernetes.alerting.existingConfigSecret | default "connaisseur-alert-config" }}
{{- end }}

{{/* Names of all alert templates, shipped and given, as a JSON list. */}}
{{- define "connaisseur.templateNames" -}}
{{- $names := list -}}
{{- range $path, $_ := .Files.Glob "files/alert-templates/*.json" }}{{ $names = append $names (base $path | trimSuffix ".json") }}{{ end -}}
{{- range $name, $_ := dig "templates" dict (.Values.alerting | default dict) }}{{ $names = append $names $name }}{{ end -}}
{{ $names | uniq | sortAlpha | toJson }}
{{- end }}

{{/* What the lifecycle commands and the keeper read. */}}
{{- define "connaisseur.clusterSettings" -}}
schemaVersion: 1
release: {{ .Release.Name | quote }}
namespace: {{ .Release.Namespace | quote }}
service: connaisseur-svc
certificates:
  source: {{ .Values.kubernetes.certificates.source }}
  secretName: {{ .Values.kubernetes.certificates.secretName }}
redis:
  bundled: {{ not .Values.kubernetes.redis.external.enabled }}
  service: connaisseur-redis-service
components: [gateway, verifier, alerting]
driftSeconds: {{ int .Values.kubernetes.webhook.driftSeconds }}
secrets: {{ include "connaisseur.userSecrets" . }}
{{- end }}
