{{/* What a schema cannot say: stops the rendering with what to do about it. */}}
{{- define "release-server.validate" -}}
{{- $v := .Values }}

{{- if hasKey $v.config "auth_token" }}
  {{- fail "config.auth_token would put the token into a ConfigMap: give it as auth.token, or name a Secret of yours in auth.existingSecret" }}
{{- end }}
{{- if and (not $v.config.read_only) (not $v.auth.token) (not $v.auth.existingSecret) (not $v.config.auth_token_file) }}
  {{- fail "no token for writes: give auth.token (for one: openssl rand -hex 32), or name a Secret of yours in auth.existingSecret, or set config.read_only=true to serve without writes" }}
{{- end }}
{{- if gt (len (compact (list $v.auth.token $v.auth.existingSecret $v.config.auth_token_file))) 1 }}
  {{- fail "more than one token for writes: give one of auth.token, auth.existingSecret and config.auth_token_file" }}
{{- end }}
{{- if and $v.auth.token (not (regexMatch "^[\\x21-\\x7e]+$" $v.auth.token)) }}
  {{- fail "auth.token: the server takes printable ASCII characters without spaces; give another (for one: openssl rand -hex 32)" }}
{{- end }}

{{- $keys := list "CONFIG_PATH" "HOST" "PORT" "PUBLIC_URL" "TRUST_PROXY" "STORAGE_DRIVER" "STORAGE_PATH" "MAX_PACKAGES" "MAX_UPLOAD_SIZE" "MIN_FREE_SPACE" "AUTH_TOKEN" "AUTH_TOKEN_FILE" "READ_ONLY" "LOG_LEVEL" "SHUTDOWN_TIMEOUT" }}
{{- range $v.extraEnv }}
  {{- if has .name $keys }}
    {{- fail (printf "extraEnv: %s would outrank the server's configuration: give config.%s instead (a token: auth.token or auth.existingSecret)" .name (lower .name)) }}
  {{- end }}
{{- end }}

{{- if and (gt (int $v.replicaCount) 1) (or (not $v.persistence.enabled) (include "release-server.exclusiveVolume" .)) }}
  {{- fail "replicaCount: several pods need one volume that all of them can write: set persistence.accessMode=ReadWriteMany with a storage class that has it, or replicaCount=1" }}
{{- end }}
{{- if and $v.persistence.enabled (eq $v.persistence.accessMode "ReadOnlyMany") (not $v.config.read_only) }}
  {{- fail "persistence.accessMode=ReadOnlyMany: nothing could be published; set config.read_only=true as well, or another access mode" }}
{{- end }}

{{- $grace := include "release-server.terminationGracePeriodSeconds" . | int }}
{{- $drain := include "release-server.shutdownSeconds" . | int }}
{{- if le $grace $drain }}
  {{- fail (printf "terminationGracePeriodSeconds=%d would kill the server while it drains for config.shutdown_timeout=%v: leave it out, or give more than %d" $grace $v.config.shutdown_timeout $drain) }}
{{- end }}

{{- if and $v.ingress.enabled (not $v.ingress.hosts) }}
  {{- fail "ingress.enabled without a host: give ingress.hosts[0].host" }}
{{- end }}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) }}
  {{- fail "httpRoute.enabled without a gateway: give httpRoute.parentRefs[0].name (and namespace), the Gateway that serves it" }}
{{- end }}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.rules) }}
  {{- fail "httpRoute.enabled without a rule: leave httpRoute.rules out, or give one" }}
{{- end }}
{{- if and $v.ingress.enabled $v.httpRoute.enabled }}
  {{- range $v.ingress.hosts }}
    {{- if has .host ($v.httpRoute.hostnames | default list) }}
      {{- fail (printf "%s is a host of the Ingress and of the HTTPRoute: a name leads to one of them only; take it out of ingress.hosts or httpRoute.hostnames, or disable one of the two" .host) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}
