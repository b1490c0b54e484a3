{{/* Pieces of pods. Most take (dict "root" $ "component" "verifier" "part" .Values.kubernetes.verifier). */}}

{{/* 0440 in decimal, which every YAML parser reads alike: our group, by fsGroup, and nobody else. */}}
{{- define "connaisseur.fileMode" -}}288{{- end }}

{{/* The heap: 60 % of the memory limit, the rest is for buffers, code and the verification thread. MiB. */}}
{{- define "connaisseur.heapMib" -}}
{{- $limit := dig "limits" "memory" "" (.resources | default dict) | toString -}}
{{- $number := regexFind "^[0-9]+(\\.[0-9]+)?" $limit -}}
{{- $unit := regexFind "[A-Za-z]*$" $limit -}}
{{- $bytes := dict "" 1.0 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- if and $number (hasKey $bytes $unit) -}}
{{ max 64 (divf (mulf (float64 $number) (get $bytes $unit) 0.6) 1048576.0 | floor | int) }}
{{- end -}}
{{- end }}

{{- define "connaisseur.env" -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
{{- with include "connaisseur.heapMib" .part }}
- name: NODE_OPTIONS
  value: --max-old-space-size={{ . }}
{{- end }}
{{- end }}

{{/* The name of the cluster on the bus; else the file cluster-id beside the keys, which `prepare` wrote. */}}
{{- define "connaisseur.clusterId" -}}
{{- with .root.Values.kubernetes.clusterId }}
- name: CONNAISSEUR_CLUSTER_ID
  value: {{ quote . }}
{{- end }}
{{- end }}

{{- define "connaisseur.envFrom" -}}
{{- if .root.Values.kubernetes.deployment.envs }}
envFrom:
  - secretRef: { name: connaisseur-env-secret }
{{- end }}
{{- end }}

{{/* Liveness is the event loop alone; readiness is a configuration and a listener. */}}
{{- define "connaisseur.managementProbes" -}}
startupProbe:
  httpGet: { path: /health, port: management }
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /ready, port: management }
  periodSeconds: 5
  timeoutSeconds: 3
livenessProbe:
  httpGet: { path: /health, port: management }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* Endpoints forget a pod before it stops: kubelet sleeps where it can, else Node does. */}}
{{- define "connaisseur.preStop" -}}
preStop:
  {{- if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version }}
  sleep: { seconds: {{ int .Values.kubernetes.deployment.preStopSeconds }} }
  {{- else }}
  exec: { command: [/nodejs/bin/node, -e, 'setTimeout(() => {}, {{ int .Values.kubernetes.deployment.preStopSeconds }}000)'] }
  {{- end }}
{{- end }}

{{- define "connaisseur.pullSecretRefs" -}}
{{- with .Values.kubernetes.deployment.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ ternary . (get (ternary dict . (kindIs "string" .)) "name") (kindIs "string" .) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Where the pods go: never two of a kind on one host while there are hosts, and over zones. */}}
{{- define "connaisseur.placement" -}}
{{- $common := .root.Values.kubernetes.deployment -}}
{{- with .part.nodeSelector | default $common.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.tolerations | default $common.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
affinity:
  {{- if .part.affinity }}
  {{- toYaml .part.affinity | nindent 2 }}
  {{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "connaisseur.selector" . | trim | nindent 14 }}
  {{- end }}
topologySpreadConstraints:
  {{- if .part.topologySpreadConstraints }}
  {{- toYaml .part.topologySpreadConstraints | nindent 2 }}
  {{- else }}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "connaisseur.selector" $ | trim | nindent 8 }}
  {{- end }}
  {{- end }}
{{- end }}

{{/* What every pod of ours has. Takes also "serviceAccount" and "token". */}}
{{- define "connaisseur.podSpec" -}}
serviceAccountName: {{ .serviceAccount }}
automountServiceAccountToken: {{ .token | default false }}
enableServiceLinks: false
priorityClassName: {{ .root.Values.kubernetes.priorityClass.name }}
terminationGracePeriodSeconds: {{ int .root.Values.kubernetes.deployment.terminationGracePeriodSeconds }}
{{- with .podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- include "connaisseur.pullSecretRefs" .root }}
{{- include "connaisseur.placement" . }}
{{- end }}

{{- define "connaisseur.container" -}}
image: {{ include "connaisseur.image" .root | quote }}
imagePullPolicy: {{ .root.Values.kubernetes.deployment.pullPolicy }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  {{- toYaml .root.Values.kubernetes.deployment.securityContext | nindent 2 }}
resources:
  {{- toYaml .part.resources | nindent 2 }}
{{- end }}

{{/* Keys of the bus and the address of Redis: one Secret for each component, made by `prepare`. */}}
{{- define "connaisseur.busMounts" -}}
- { name: keys, mountPath: /app/keys, readOnly: true }
- { name: redis, mountPath: /app/redis, readOnly: true }
{{- end }}

{{- define "connaisseur.busVolumes" -}}
{{- $external := .root.Values.kubernetes.redis.external -}}
- name: keys
  secret: { secretName: connaisseur-{{ .component }}-bus, defaultMode: {{ include "connaisseur.fileMode" . }} }
- name: redis
  secret:
    {{- if $external.enabled }}
    secretName: {{ get $external (printf "%sSecretName" .component) | default $external.secretName }}
    {{- else }}
    secretName: connaisseur-{{ .component }}-bus
    items: [{ key: url, path: url }, { key: ca.crt, path: ca.crt }]
    {{- end }}
    defaultMode: {{ include "connaisseur.fileMode" . }}
{{- end }}

{{- define "connaisseur.configMounts" -}}
- { name: config, mountPath: /app/config, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- end }}

{{- define "connaisseur.configVolumes" -}}
- name: config
  configMap: { name: connaisseur-app-config }
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- end }}

{{- define "connaisseur.authMounts" -}}
{{- range include "connaisseur.authSecrets" . | fromJsonArray }}
- { name: auth-{{ sha256sum . | trunc 10 }}, mountPath: /app/secrets/{{ . }}, readOnly: true }
{{- end }}
{{- end }}

{{- define "connaisseur.authVolumes" -}}
{{- range include "connaisseur.authSecrets" . | fromJsonArray }}
- name: auth-{{ sha256sum . | trunc 10 }}
  secret: { secretName: {{ . }}, defaultMode: {{ include "connaisseur.fileMode" . }} }
{{- end }}
{{- end }}

{{- define "connaisseur.alertVolume" -}}
- name: alerts
  projected:
    defaultMode: {{ include "connaisseur.fileMode" . }}
    sources:
      - secret:
          name: {{ include "connaisseur.alertConfigSecret" . }}
          items: [{ key: config.yaml, path: config.yaml }]
      - configMap:
          name: connaisseur-alert-templates
          items:
            {{- range include "connaisseur.templateNames" . | fromJsonArray }}
            - { key: {{ . }}.json, path: templates/{{ . }}.json }
            {{- end }}
{{- end }}
