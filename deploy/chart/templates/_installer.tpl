{{/* Annotations of what a hook Job needs: there for every hook, and gone when the hooks are done. */}}
{{- define "connaisseur.installerHook" -}}
helm.sh/hook: pre-install,pre-upgrade,post-install,post-upgrade,post-rollback,pre-delete
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* One Job. Takes (dict "root" $ "name" "arm" "hooks" "post-install,…" "settings" "connaisseur-cluster" "webhooks" true "config" true). */}}
{{- define "connaisseur.job" -}}
{{- $values := .root.Values.kubernetes -}}
{{- $it := dict "root" .root "component" "installer" "part" $values.installer -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: connaisseur-{{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "connaisseur.labels" $it | trim | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .hooks }}
    helm.sh/hook-weight: '0'
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: 1
  activeDeadlineSeconds: {{ int $values.installer.timeoutSeconds }}
  template:
    metadata:
      labels:
        {{- include "connaisseur.podLabels" $it | trim | nindent 8 }}
    spec:
      # No priority class: before the first install it is not there yet.
      serviceAccountName: connaisseur-installer
      automountServiceAccountToken: true
      enableServiceLinks: false
      restartPolicy: Never
      {{- with $values.deployment.podSecurityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with include "connaisseur.pullSecretRefs" .root }}{{ trim . | nindent 6 }}{{ end }}
      {{- with $values.deployment.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.deployment.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .name }}
          {{- include "connaisseur.container" $it | trim | nindent 10 }}
          args:
            - cluster
            - {{ .name }}
            - --settings
            - /app/cluster/cluster.yaml
            {{- if .webhooks }}
            - --webhooks
            - /app/cluster/webhooks.yaml
            {{- end }}
            {{- if .config }}
            - --config
            - /app/cluster/config.yaml
            {{- end }}
            # It says what it waited for before the Job is ended.
            - --timeout
            - {{ sub (int $values.installer.timeoutSeconds) 20 | quote }}
          env:
            {{- include "connaisseur.env" $it | trim | nindent 12 }}
          volumeMounts:
            - { name: cluster, mountPath: /app/cluster, readOnly: true }
      volumes:
        - name: cluster
          configMap: { name: {{ .settings }} }
{{- end }}
