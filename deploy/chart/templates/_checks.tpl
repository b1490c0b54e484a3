{{/* What a schema cannot say. Each message names the value and the way out. */}}
{{- define "connaisseur.check" -}}
{{- $k := .Values.kubernetes -}}
{{- if or (eq .Release.Namespace "default") (hasPrefix "kube-" .Release.Namespace) -}}
{{- fail (printf "namespace %s: our own namespace is exempt from validation, so it must be ours alone; use --namespace connaisseur --create-namespace" .Release.Namespace) -}}
{{- end -}}
{{- range $place, $tls := dict "kubernetes.deployment.tls" $k.deployment.tls "kubernetes.redis.tls" $k.redis.tls -}}
{{- if or (dig "cert" "" ($tls | default dict)) (dig "key" "" ($tls | default dict)) -}}
{{- fail (printf "%s: a private key does not belong into values. Remove it: certificates are made in the cluster. For one of your own make a Secret with tls.crt, tls.key and ca.crt in namespace %s and set kubernetes.certificates.source=own and kubernetes.certificates.secretName" $place $.Release.Namespace) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $k.certificates.source "self") (ne $k.certificates.secretName "connaisseur-tls") -}}
{{- fail "kubernetes.certificates.secretName is for the sources cert-manager and own; self uses connaisseur-tls" -}}
{{- end -}}
{{- if and (eq $k.certificates.source "own") (eq $k.certificates.secretName "connaisseur-tls") -}}
{{- fail "kubernetes.certificates.source=own: set kubernetes.certificates.secretName to a Secret of yours with tls.crt, tls.key and ca.crt; connaisseur-tls is the one that the chart manages" -}}
{{- end -}}
{{- if and $k.redis.external.enabled (not $k.redis.external.secretName) -}}
{{- if not (and $k.redis.external.gatewaySecretName $k.redis.external.verifierSecretName $k.redis.external.alertingSecretName) -}}
{{- fail "kubernetes.redis.external.enabled: set kubernetes.redis.external.secretName to a Secret with the key url (rediss://, redis+sentinel:// or redis+cluster://)" -}}
{{- end -}}
{{- end -}}
{{- range $place, $auto := dict "deployment" $k.deployment.autoscaling "verifier" $k.verifier.autoscaling -}}
{{- if and $auto.enabled (gt (int $auto.minReplicas) (int $auto.maxReplicas)) -}}
{{- fail (printf "kubernetes.%s.autoscaling: expected minReplicas ≤ maxReplicas" $place) -}}
{{- end -}}
{{- end -}}
{{- if $k.webhook.unsafeFailOpen -}}
{{- if ne $k.webhook.failurePolicy "Ignore" -}}
{{- fail "kubernetes.webhook.unsafeFailOpen has no effect with failurePolicy Fail: remove it, or say failurePolicy: Ignore" -}}
{{- end -}}
{{- end -}}
{{- include "connaisseur.checkAlerting" . -}}
{{- end }}

{{- define "connaisseur.checkAlerting" -}}
{{- $alerting := .Values.alerting | default dict -}}
{{- if and .Values.kubernetes.alerting.existingConfigSecret (omit $alerting "templates") -}}
{{- fail "kubernetes.alerting.existingConfigSecret and the value alerting: expected only one of them (alerting.templates may stay)" -}}
{{- end -}}
{{- $known := include "connaisseur.templateNames" . | fromJsonArray -}}
{{- range $stream := list "admitRequest" "rejectRequest" -}}
{{- range dig $stream "receivers" list $alerting -}}
{{- if not (has .template $known) -}}
{{- fail (printf "alerting.%s: there is no template %q; known: %s. Add yours as alerting.templates.%s" $stream .template (join ", " $known) .template) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
