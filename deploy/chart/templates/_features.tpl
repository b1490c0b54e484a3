{{/* Questions about the configuration. Each is "true" or empty. */}}

{{/* Child approval reads owners; with podsOnly it is off. */}}
{{- define "connaisseur.childApproval" -}}
{{- $features := .Values.application.features | default dict -}}
{{- $on := true -}}
{{- if hasKey $features "automaticChildApproval" }}{{ $on = $features.automaticChildApproval }}{{ end -}}
{{- if and $on (ne (lower ($features.resourceValidationMode | default "all")) "podsonly") }}true{{ end }}
{{- end }}

{{/* Detection mode by the labels of a namespace reads namespaces. */}}
{{- define "connaisseur.readsNamespaces" -}}
{{- $features := .Values.application.features | default dict -}}
{{- if dig "insecureDetectOnlyIn" "namespaceSelector" false $features }}true{{ end }}
{{- end }}

{{/* Namespaces that let gateways read pull secrets, as a JSON list. */}}
{{- define "connaisseur.pullSecretNamespaces" -}}
{{- dig "imagePullSecrets" "namespaces" list (.Values.application.features | default dict) | uniq | toJson -}}
{{- end }}

{{- define "connaisseur.readsPullSecrets" -}}
{{- if include "connaisseur.pullSecretNamespaces" . | fromJsonArray }}true{{ end }}
{{- end }}

{{/* Whether gateways talk to the API server at all. */}}
{{- define "connaisseur.gatewayNeedsApi" -}}
{{- if or (include "connaisseur.childApproval" .) (include "connaisseur.readsNamespaces" .) (include "connaisseur.readsPullSecrets" .) }}true{{ end }}
{{- end }}

{{/* Alerting talks to the API server for Kubernetes Events and policy reports only. */}}
{{- define "connaisseur.writesEvents" -}}
{{- if dig "kubernetesEvents" false (.Values.application.features | default dict) }}true{{ end }}
{{- end }}

{{/* The API groups of reports that alerting may write, as resources: empty where it writes none. */}}
{{- define "connaisseur.reportResources" -}}
{{- $api := dig "policyReports" "off" (.Values.application.features | default dict) -}}
{{- if has $api (list "auto" "openreports") }}
- { group: openreports.io, resource: reports }
{{- end }}
{{- if has $api (list "auto" "wgpolicyk8s") }}
- { group: wgpolicyk8s.io, resource: policyreports }
{{- end }}
{{- end }}

{{- define "connaisseur.alertingNeedsApi" -}}
{{- if or (include "connaisseur.writesEvents" .) (include "connaisseur.reportResources" . | trim) }}true{{ end }}
{{- end }}

{{/* The mode of namespaced validation: ignore, validate or empty. */}}
{{- define "connaisseur.namespacedMode" -}}
{{- $given := dig "namespacedValidation" false (.Values.application.features | default dict) -}}
{{- if kindIs "map" $given }}{{ $given.mode | default "ignore" }}{{ end }}
{{- end }}

{{/* Whether a policy keeps others from running pods beside ours. */}}
{{- define "connaisseur.guardsOwnNamespace" -}}
{{- if and .Values.kubernetes.webhook.guardOwnNamespace (semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version) }}true{{ end }}
{{- end }}

{{/* An answer may hang on an alert: gateways post to receivers then. */}}
{{- define "connaisseur.gatewayAlerts" -}}
{{- range list "admitRequest" "rejectRequest" -}}
{{- range dig . "receivers" list ($.Values.alerting | default dict) -}}
{{- if .failIfAlertSendingFails }}true{{ end -}}
{{- end -}}
{{- end -}}
{{- if .Values.kubernetes.alerting.existingConfigSecret }}true{{ end -}}
{{- end }}

{{- define "connaisseur.usesKeychain" -}}
{{- range .Values.application.validators }}{{ if dig "auth" "useKeychain" false . }}true{{ end }}{{ end -}}
{{- end }}

{{/* Ports that a list of texts names as host:port, as a JSON list. Takes (dict "texts" list "ports" list). */}}
{{- define "connaisseur.ports" -}}
{{- $ports := list -}}
{{- range .ports }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- range .texts -}}
{{- $host := regexReplaceAll "^[a-z]+://" . "" | splitList "/" | first -}}
{{- if hasPrefix "http://" . }}{{ if not (regexMatch ":[0-9]+$" $host) }}{{ $ports = append $ports 80 }}{{ end }}{{ end -}}
{{- if regexMatch "^(\\[[0-9a-fA-F:]+\\]|[^:]+):[0-9]+$" $host }}
{{- $ports = append $ports (regexFind "[0-9]+$" $host | int) }}
{{- end -}}
{{- end -}}
{{ $ports | uniq | toJson }}
{{- end }}

{{/* Where proofs are: patterns that name a host with a port, registries, notary servers, logs. */}}
{{- define "connaisseur.registryPorts" -}}
{{- $texts := list -}}
{{- range .Values.application.policy -}}
{{- if contains "/" .pattern }}{{ $texts = append $texts .pattern }}{{ end -}}
{{- end -}}
{{- range .Values.application.registries -}}
{{- $texts = append $texts (ternary (printf "http://%s" .host) .host (.insecurePlainHttp | default false)) -}}
{{- end -}}
{{- range .Values.application.validators -}}
{{- if kindIs "string" .host }}{{ $texts = append $texts .host }}{{ end -}}
{{- if kindIs "map" .host }}{{ with .host.rekor }}{{ $texts = append $texts . }}{{ end }}{{ end -}}
{{- end -}}
{{ include "connaisseur.ports" (dict "texts" $texts "ports" .Values.kubernetes.networkPolicy.registries.ports) }}
{{- end }}

{{- define "connaisseur.receiverPorts" -}}
{{- $texts := list -}}
{{- range list "admitRequest" "rejectRequest" -}}
{{- range dig . "receivers" list ($.Values.alerting | default dict) }}{{ $texts = append $texts .receiverUrl }}{{ end -}}
{{- end -}}
{{ include "connaisseur.ports" (dict "texts" $texts "ports" .Values.kubernetes.networkPolicy.receivers.ports) }}
{{- end }}
