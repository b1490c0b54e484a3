{{/* TLS only, a user for each component, nothing evicted, what waits is on disk, and one value has a bound (REDIS_LIMITS of libs/bus). */}}
{{- define "connaisseur.redisConf" -}}
port 0
tls-port 6379
tls-cert-file /app/tls/tls.crt
tls-key-file /app/tls/tls.key
tls-ca-cert-file /app/tls/ca.crt
tls-auth-clients no
tls-protocols "TLSv1.2 TLSv1.3"
aclfile /app/acl/users.acl
dir /data
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
proto-max-bulk-len 4mb
client-query-buffer-limit 16mb
{{- with include "connaisseur.redisMaxmemory" .part }}
maxmemory {{ . }}mb
{{- end }}
enable-debug-command no
enable-module-command no
{{- end }}

{{- define "connaisseur.redisMaxmemory" -}}
{{- $heap := include "connaisseur.heapMib" . -}}
{{- if $heap }}{{ div (mul (int $heap) (int .maxmemoryPercent)) 60 }}{{ end -}}
{{- end }}
