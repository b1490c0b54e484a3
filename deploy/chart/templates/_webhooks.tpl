{{/* Both webhook configurations, without a CA bundle: `arm` and the keeper put it in. */}}
{{- define "connaisseur.webhooks" -}}
{{- $webhook := .Values.kubernetes.webhook -}}
{{- $labels := include "connaisseur.labels" (dict "root" . "component" "webhook") -}}
{{- $policy := dict "mutating" $webhook.failurePolicy "validating" (ternary "Ignore" "Fail" (default false $webhook.unsafeFailOpen)) -}}
{{- range $i, $kind := list "mutating" "validating" }}
{{- if $i }}
---
{{ end -}}
apiVersion: admissionregistration.k8s.io/v1
kind: {{ title $kind }}WebhookConfiguration
metadata:
  name: connaisseur-webhook
  labels:
    {{- $labels | nindent 4 }}
webhooks:
  - name: connaisseur-svc.{{ $.Release.Namespace }}.svc
    admissionReviewVersions: [v1]
    clientConfig:
      service:
        name: connaisseur-svc
        namespace: {{ $.Release.Namespace }}
        path: /{{ ternary "mutate" "validate" (eq $kind "mutating") }}
        port: {{ int $.Values.kubernetes.service.port }}
    failurePolicy: {{ get $policy $kind }}
    matchPolicy: Equivalent
    {{- if eq $kind "mutating" }}
    reinvocationPolicy: {{ $webhook.reinvocationPolicy }}
    {{- end }}
    sideEffects: NoneOnDryRun
    timeoutSeconds: {{ get $webhook.timeoutSeconds $kind | int }}
    objectSelector: {}
    namespaceSelector:
      matchExpressions:
        {{- include "connaisseur.namespaceExpressions" $ | trim | nindent 8 }}
    rules:
      {{- include "connaisseur.webhookRules" $ | trim | nindent 6 }}
{{- end }}
{{- end }}

{{/* Every kind that carries images, and nothing else. Scale carries none; resize is looked at because it sends a Pod. */}}
{{- define "connaisseur.webhookRules" -}}
- apiGroups: ['']
  apiVersions: [v1]
  operations: [CREATE, UPDATE]
  resources: [pods, pods/ephemeralcontainers, pods/resize, podtemplates, replicationcontrollers]
  scope: Namespaced
- apiGroups: [apps]
  apiVersions: [v1]
  operations: [CREATE, UPDATE]
  resources: [deployments, replicasets, daemonsets, statefulsets]
  scope: Namespaced
- apiGroups: [batch]
  apiVersions: [v1]
  operations: [CREATE, UPDATE]
  resources: [jobs, cronjobs]
  scope: Namespaced
{{- end }}

{{/* By the name that no one can take off; the label only where it was asked for. Patterns of names are the gateway's. */}}
{{- define "connaisseur.namespaceExpressions" -}}
{{- $given := dig "namespacedValidation" false (.Values.application.features | default dict) -}}
{{- $mode := include "connaisseur.namespacedMode" . -}}
{{- $exempt := list .Release.Namespace -}}
{{- if .Values.kubernetes.webhook.exemptKubeSystem }}{{ $exempt = append $exempt "kube-system" }}{{ end -}}
{{- if eq $mode "ignore" -}}
{{- range $given.insecureIgnoreNamespaces }}{{ if not (contains "*" .) }}{{ $exempt = append $exempt . }}{{ end }}{{ end -}}
{{- end -}}
- { key: kubernetes.io/metadata.name, operator: NotIn, values: {{ $exempt | uniq | toJson }} }
{{- if eq $mode "ignore" }}
- { key: {{ include "connaisseur.webhookLabel" . }}, operator: NotIn, values: [ignore] }
{{- else if eq $mode "validate" }}
{{- with $given.insecureOnlyNamespaces }}
{{- if not (contains "*" (join "" .)) }}
- { key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }} }
{{- end }}
{{- else }}
- { key: {{ include "connaisseur.webhookLabel" . }}, operator: In, values: [validate] }
{{- end }}
{{- end }}
{{- end }}
