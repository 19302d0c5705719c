{{/* What a schema cannot say: stops the rendering with what to do about it. */}}
{{- define "release-server.validate" -}}
{{- $v := .Values }}

{{- if hasKey $v.config "auth_token" }}
  {{- fail "config.auth_token would put the token into a ConfigMap: give it as auth.token, or name a Secret of yours in auth.existingSecret" }}
{{- end }}
{{- if not (include "release-server.knowsSomebody" .) }}
  {{- $how := "give auth.token (for one: openssl rand -hex 32), or name a Secret of yours in auth.existingSecret or auth.tokens.existingSecret, or give config.identities, config.tokens or config.tokens_file" }}
  {{- if eq $v.config.read_access "token" }}
    {{- fail (printf "config.read_access=token without a token for reads: %s" $how) }}
  {{- else if not $v.config.read_only }}
    {{- fail (printf "no token for writes: %s, or set config.read_only=true to serve without writes" $how) }}
  {{- end }}
{{- end }}
{{- if gt (len (compact (list $v.auth.token $v.auth.existingSecret $v.config.auth_token_file))) 1 }}
  {{- fail "more than one token for writes: give one of auth.token, auth.existingSecret and config.auth_token_file" }}
{{- end }}
{{- if and $v.auth.tokens.existingSecret $v.config.tokens_file }}
  {{- fail "named tokens are given twice: give one of auth.tokens.existingSecret and config.tokens_file" }}
{{- end }}
{{- if hasKey $v.config "link_key" }}
  {{- fail "config.link_key would put the key into a ConfigMap: name a Secret of yours in auth.linkKey.existingSecret" }}
{{- end }}
{{- if and $v.auth.linkKey.existingSecret $v.config.link_key_file }}
  {{- fail "the key of signed links is given twice: give one of auth.linkKey.existingSecret and config.link_key_file" }}
{{- end }}
{{- if and (gt (int $v.replicaCount) 1) (eq $v.config.read_access "token") (not (or $v.auth.linkKey.existingSecret $v.config.link_key_file (include "release-server.sharedSecret" .))) }}
  {{- fail "config.read_access=token with several pods: they would not take the links that others of them have signed; name a Secret of yours with a key in auth.linkKey.existingSecret" }}
{{- end }}
{{- if and $v.auth.token (not (regexMatch "^[\\x21-\\x7e]+$" $v.auth.token)) }}
  {{- fail "auth.token: the server takes printable ASCII characters without spaces; give another (for one: openssl rand -hex 32)" }}
{{- end }}

{{- $tlsFiles := len (compact (list $v.config.tls.cert_file $v.config.tls.key_file)) }}
{{- if eq $tlsFiles 1 }}
  {{- fail "config.tls.cert_file and config.tls.key_file go together: give both, or none" }}
{{- end }}
{{- if and $tlsFiles $v.tls.existingSecret }}
  {{- fail "the certificate is given twice: give one of tls.existingSecret and config.tls" }}
{{- end }}

{{- $variables := include "release-server.variables" . | fromYaml }}
{{- range $v.extraEnv }}
  {{- if hasKey $variables .name }}
    {{- fail (printf "extraEnv: %s would outrank the server's configuration: give %s instead" .name (get $variables .name)) }}
  {{- end }}
  {{- if and .value (has .name (list "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN")) }}
    {{- fail (printf "extraEnv: %s would stand in the Deployment for all to read: name a Secret of yours in s3Credentials.existingSecret" .name) }}
  {{- end }}
{{- end }}

{{- if include "release-server.s3" . }}
  {{- include "release-server.validateS3" . }}
{{- else if or $v.config.s3.bucket $v.s3Credentials.existingSecret }}
  {{- fail "config.s3.bucket and s3Credentials would be ignored: set config.storage_driver=s3 to keep packages there, or leave them out" }}
{{- else if and (gt (int $v.replicaCount) 1) (or (not $v.persistence.enabled) (include "release-server.exclusiveVolume" .)) }}
  {{- fail "replicaCount: several pods need one place that all of them can write: set config.storage_driver=s3 with a bucket, or persistence.accessMode=ReadWriteMany with a storage class that has it, or replicaCount=1" }}
{{- end }}
{{- if and $v.serviceAccount.annotations (not $v.serviceAccount.create) }}
  {{- fail "serviceAccount.annotations would be ignored: annotate the service account of yours itself, or set serviceAccount.create=true" }}
{{- end }}
{{- if and (include "release-server.persistent" .) (eq $v.persistence.accessMode "ReadOnlyMany") (not $v.config.read_only) }}
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

{{- define "release-server.validateS3" -}}
{{- $v := .Values }}
{{- $s3 := $v.config.s3 }}

{{- if not $s3.bucket }}
  {{- fail "config.storage_driver=s3 without a bucket: give config.s3.bucket, which has to exist" }}
{{- end }}
{{- if or (hasKey $s3 "access_key_id") (hasKey $s3 "secret_access_key") }}
  {{- fail "config.s3.access_key_id and secret_access_key would put the keys into a ConfigMap: name a Secret of yours in s3Credentials.existingSecret" }}
{{- end }}
{{- $files := len (compact (list $s3.access_key_id_file $s3.secret_access_key_file)) }}
{{- if eq $files 1 }}
  {{- fail "config.s3.access_key_id_file and config.s3.secret_access_key_file go together: give both, or none" }}
{{- end }}
{{- if and $files $v.s3Credentials.existingSecret }}
  {{- fail "the keys of the object store are given twice: give one of s3Credentials.existingSecret and config.s3.*_file" }}
{{- end }}
{{- $variables := list }}
{{- range $v.extraEnv }}
  {{- $variables = append $variables .name }}
{{- end }}
{{- if and (not $s3.region) (or $s3.endpoint $files $v.s3Credentials.existingSecret) (not (has "AWS_REGION" $variables)) }}
  {{- fail "config.storage_driver=s3 without a region: give config.s3.region (stores that are not Amazon's take us-east-1 as a rule)" }}
{{- end }}
{{- if and $s3.redirect_downloads (le (include "release-server.seconds" $s3.grace | int) (include "release-server.seconds" $s3.presign_expires | int)) }}
  {{- fail (printf "config.s3.grace=%s would let addresses outlive their bytes: give more than config.s3.presign_expires=%s" $s3.grace $s3.presign_expires) }}
{{- end }}

{{- range list "existingClaim" "storageClass" "volumeName" "annotations" }}
  {{- if get $v.persistence . }}
    {{- fail (printf "persistence.%s would be ignored: with config.storage_driver=s3 packages are in the bucket, on no volume; leave it out" .) }}
  {{- end }}
{{- end }}
{{- if .Release.IsUpgrade }}
  {{- $name := include "release-server.fullname" . }}
  {{- $claim := (lookup "v1" "PersistentVolumeClaim" (include "release-server.namespace" .) $name).metadata | default dict }}
  {{- $annotations := $claim.annotations | default dict }}
  {{- if and (eq (get $annotations "meta.helm.sh/release-name") .Release.Name) (ne (get $annotations "helm.sh/resource-policy") "keep") }}
    {{- fail (printf "the claim %s of this release would be removed with all packages on it: upgrade with persistence.keep=true first, and only then to config.storage_driver=s3" $name) }}
  {{- end }}
{{- end }}

{{- if and $v.spool.sizeLimit (lt (include "release-server.bytes" $v.spool.sizeLimit | int64) (include "release-server.bytes" $v.config.max_upload_size | int64)) }}
  {{- fail (printf "spool.sizeLimit=%v: an upload of config.max_upload_size=%v would have the pod evicted; give some times that size" $v.spool.sizeLimit $v.config.max_upload_size) }}
{{- end }}
{{- end }}
