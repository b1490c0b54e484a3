{{/* A NetworkPolicy's head. Takes (dict "root" $ "component" "gateway"). */}}
{{- define "connaisseur.policyHead" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: connaisseur-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "connaisseur.labels" . | trim | nindent 4 }}
spec:
  policyTypes: [Ingress, Egress]
  podSelector:
    matchLabels:
      {{- include "connaisseur.selector" . | trim | nindent 6 }}
{{- end }}

{{/* Addresses as peers; what is excepted belongs to the whole Internet only. Takes (dict "cidrs" list "except" list). */}}
{{- define "connaisseur.blocks" -}}
{{- range .cidrs }}
- ipBlock:
    cidr: {{ quote . }}
    {{- $all := . -}}
    {{- $kept := list -}}
    {{- range $.except -}}
    {{- if or (and (eq $all "0.0.0.0/0") (not (contains ":" .))) (and (eq $all "::/0") (contains ":" .)) }}{{ $kept = append $kept . }}{{ end -}}
    {{- end }}
    {{- with $kept }}
    except: {{ toJson . }}
    {{- end }}
{{- end }}
{{- end }}

{{- define "connaisseur.portList" -}}
{{- range . }}
- { port: {{ int . }}, protocol: TCP }
{{- end }}
{{- end }}

{{- define "connaisseur.dnsEgress" -}}
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
  {{- with .Values.kubernetes.networkPolicy.dns.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "connaisseur.redisEgress" -}}
{{- $policy := .Values.kubernetes.networkPolicy.redis -}}
{{- if .Values.kubernetes.redis.external.enabled }}
- ports:
    {{- include "connaisseur.portList" $policy.ports | trim | nindent 4 }}
  {{- with $policy.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- else }}
- ports: [{ port: 6379, protocol: TCP }]
  to:
    - podSelector:
        matchLabels:
          {{- include "connaisseur.selector" (dict "root" . "component" "redis") | trim | nindent 10 }}
{{- end }}
{{- end }}

{{- define "connaisseur.registryEgress" -}}
{{- $registries := .Values.kubernetes.networkPolicy.registries -}}
{{- if $registries.cidrs }}
- ports:
    {{- include "connaisseur.portList" (include "connaisseur.registryPorts" . | fromJsonArray) | trim | nindent 4 }}
  to:
    {{- include "connaisseur.blocks" (dict "cidrs" $registries.cidrs "except" $registries.except) | trim | nindent 4 }}
{{- end }}
{{- with $registries.inCluster }}
- to:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{- define "connaisseur.receiverEgress" -}}
{{- $receivers := .Values.kubernetes.networkPolicy.receivers -}}
{{- if $receivers.cidrs }}
- ports:
    {{- include "connaisseur.portList" (include "connaisseur.receiverPorts" . | fromJsonArray) | trim | nindent 4 }}
  to:
    {{- include "connaisseur.blocks" (dict "cidrs" $receivers.cidrs "except" .Values.kubernetes.networkPolicy.registries.except) | trim | nindent 4 }}
{{- end }}
{{- with $receivers.inCluster }}
- to:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{- define "connaisseur.apiEgress" -}}
{{- $api := .Values.kubernetes.networkPolicy.apiServer -}}
- ports:
    {{- include "connaisseur.portList" $api.ports | trim | nindent 4 }}
  {{- with $api.cidrs }}
  to:
    {{- include "connaisseur.blocks" (dict "cidrs" . "except" list) | trim | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "connaisseur.metricsIngress" -}}
- ports: [{ port: 5080, protocol: TCP }]
  from:
    {{- toYaml .Values.kubernetes.networkPolicy.metrics.from | nindent 4 }}
{{- end }}
