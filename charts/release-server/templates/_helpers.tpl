{{/* Names, labels and what is derived from values. Refusals are in _validate.tpl. */}}

{{- define "release-server.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "release-server.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (default .Chart.Name .Values.nameOverride) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (default .Chart.Name .Values.nameOverride) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* A release without a namespace of its own lives in spec-kit. */}}
{{- define "release-server.namespace" -}}
{{- if .Values.namespaceOverride }}
{{- .Values.namespaceOverride }}
{{- else if eq .Release.Namespace "default" }}
{{- "spec-kit" }}
{{- else }}
{{- .Release.Namespace }}
{{- end }}
{{- end }}

{{- define "release-server.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "release-server.selectorLabels" -}}
app.kubernetes.io/name: {{ include "release-server.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "release-server.commonLabels" -}}
helm.sh/chart: {{ include "release-server.chart" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "_" | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "release-server.labels" -}}
{{ include "release-server.selectorLabels" . }}
{{ include "release-server.commonLabels" . }}
{{- end }}

{{/* Not the selector's labels, or the Service would send requests to the test pod. */}}
{{- define "release-server.testLabels" -}}
app.kubernetes.io/name: {{ include "release-server.name" . | trunc 58 | trimSuffix "-" }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "release-server.metadata" -}}
name: {{ include "release-server.fullname" . }}
namespace: {{ include "release-server.namespace" . }}
labels:
  {{- include "release-server.labels" . | nindent 2 }}
{{- end }}

{{- define "release-server.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "release-server.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "release-server.image" -}}
{{- printf "%s:%s" .Values.image.repository (include "release-server.text" .Values.image.tag | default .Chart.AppVersion) }}
{{- end }}

{{/* What is a text to Kubernetes, though `--set` or YAML made a number or a truth value of it. */}}
{{- define "release-server.text" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Annotations, labels and selectors. */}}
{{- define "release-server.texts" -}}
{{- $texts := dict }}
{{- range $key, $value := . }}
  {{- $_ := set $texts $key (include "release-server.text" $value) }}
{{- end }}
{{- toYaml $texts }}
{{- end }}

{{/* Name of the Secret with the token, empty where there is none. */}}
{{- define "release-server.tokenSecret" -}}
{{- if .Values.auth.existingSecret }}
{{- .Values.auth.existingSecret }}
{{- else if .Values.auth.token }}
{{- include "release-server.fullname" . }}
{{- end }}
{{- end }}

{{- define "release-server.tokenKey" -}}
{{- ternary .Values.auth.key "token" (not (empty .Values.auth.existingSecret)) }}
{{- end }}

{{/* Whether it is known by some token or identity who somebody is. */}}
{{- define "release-server.knowsSomebody" -}}
{{- if or (include "release-server.sharedSecret" .) .Values.auth.tokens.existingSecret .Values.config.tokens .Values.config.tokens_file .Values.config.identities }}
{{- "true" }}
{{- end }}
{{- end }}

{{/* Whether there is a token that may do everything. */}}
{{- define "release-server.sharedSecret" -}}
{{- if or (include "release-server.tokenSecret" .) .Values.config.auth_token_file }}
{{- "true" }}
{{- end }}
{{- end }}

{{/* Whether the server connects to anything: a store, or issuers whose keys it fetches. */}}
{{- define "release-server.connects" -}}
{{- include "release-server.s3" . }}
{{- range .Values.config.identities }}
  {{- if not .jwks_file }}
    {{- "true" }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What the server itself speaks, which is also the name of the Service's port. */}}
{{- define "release-server.scheme" -}}
{{- if or .Values.tls.existingSecret .Values.config.tls.cert_file }}
{{- "https" }}
{{- else }}
{{- "http" }}
{{- end }}
{{- end }}

{{/* A probe, by what the server speaks where it does not say. The kubelet does not look at the certificate. */}}
{{- define "release-server.probe" -}}
{{- $probe := deepCopy .probe }}
{{- if and $probe.httpGet (eq .scheme "https") (not $probe.httpGet.scheme) }}
  {{- $_ := set $probe.httpGet "scheme" "HTTPS" }}
{{- end }}
{{- toYaml $probe }}
{{- end }}

{{/* The path that goes before every route: of an Ingress' path or a route's match, empty for patterns and the root. */}}
{{- define "release-server.prefix" -}}
{{- if regexMatch "^(/[A-Za-z0-9._~-]+)+/?$" . }}
{{- trimSuffix "/" . }}
{{- end }}
{{- end }}

{{- define "release-server.ingressUrl" -}}
{{- $url := "" }}
{{- range .Values.ingress.hosts }}
  {{- $host := .host | default "" }}
  {{- if and (not $url) $host (not (hasPrefix "*" $host)) }}
    {{- $scheme := "http" }}
    {{- range $.Values.ingress.tls }}
      {{- if or (not .hosts) (has $host (.hosts | default list)) (has (regexReplaceAll "^[^.]+" $host "*") (.hosts | default list)) }}
        {{- $scheme = "https" }}
      {{- end }}
    {{- end }}
    {{- $path := (first (.paths | default (list dict))).path | default "/" }}
    {{- $url = printf "%s://%s%s" $scheme $host (include "release-server.prefix" $path) }}
  {{- end }}
{{- end }}
{{- $url }}
{{- end }}

{{- define "release-server.routeUrl" -}}
{{- $scheme := "http" }}
{{- range .Values.httpRoute.parentRefs }}
  {{- if or (hasPrefix "https" (.sectionName | default "")) (eq (int .port) 443) }}
    {{- $scheme = "https" }}
  {{- end }}
{{- end }}
{{- $path := "/" }}
{{- with .Values.httpRoute.rules }}
  {{- with (first .).matches }}
    {{- $match := (first .).path | default dict }}
    {{- if eq ($match.type | default "PathPrefix") "PathPrefix" }}
      {{- $path = $match.value | default "/" }}
    {{- end }}
  {{- end }}
{{- end }}
{{- $url := "" }}
{{- range .Values.httpRoute.hostnames }}
  {{- if and (not $url) (not (hasPrefix "*" .)) }}
    {{- $url = printf "%s://%s%s" $scheme . (include "release-server.prefix" $path) }}
  {{- end }}
{{- end }}
{{- $url }}
{{- end }}

{{/* What clients use, empty where only a request can tell. */}}
{{- define "release-server.publicUrl" -}}
{{- $url := .Values.config.public_url }}
{{- if and (not $url) .Values.ingress.enabled }}
  {{- $url = include "release-server.ingressUrl" . }}
{{- end }}
{{- if and (not $url) .Values.httpRoute.enabled }}
  {{- $url = include "release-server.routeUrl" . }}
{{- end }}
{{- $url }}
{{- end }}

{{/* One word of a shell, whatever is in it. */}}
{{- define "release-server.shellWord" -}}
'{{ . | replace "'" "'\\''" }}'
{{- end }}

{{/* Whether packages are in an object store, and pods have no state of their own. */}}
{{- define "release-server.s3" -}}
{{- if eq .Values.config.storage_driver "s3" }}
{{- "true" }}
{{- end }}
{{- end }}

{{/* The names that are given, those of the Service, and those under which Ingress and HTTPRoute pass requests on. */}}
{{- define "release-server.allowedHosts" -}}
{{- $service := include "release-server.fullname" . }}
{{- $namespace := include "release-server.namespace" . }}
{{- $hosts := list $service (printf "%s.%s" $service $namespace) (printf "%s.%s.svc" $service $namespace) (printf "%s.%s.svc.cluster.local" $service $namespace) }}
{{- if .Values.ingress.enabled }}
  {{- range .Values.ingress.hosts }}
    {{- $hosts = append $hosts (.host | default "") }}
  {{- end }}
{{- end }}
{{- if .Values.httpRoute.enabled }}
  {{- $hosts = concat $hosts (.Values.httpRoute.hostnames | default list) }}
{{- end }}
{{- concat .Values.config.allowed_hosts $hosts | compact | uniq | toYaml }}
{{- end }}

{{/* What is given of a section, as YAML: what is empty is left to the server. */}}
{{- define "release-server.given" -}}
{{- $given := dict }}
{{- range $key, $value := . }}
  {{- if kindIs "map" $value }}
    {{- with include "release-server.given" $value | fromYaml }}
      {{- $_ := set $given $key . }}
    {{- end }}
  {{- else if not (has $value (list "" nil list)) }}
    {{- $_ := set $given $key $value }}
  {{- end }}
{{- end }}
{{- toYaml $given }}
{{- end }}

{{/* config.yaml of the server. */}}
{{- define "release-server.config" -}}
{{- $config := include "release-server.given" .Values.config | fromYaml }}
{{- if .Values.config.allowed_hosts }}
  {{- $_ := set $config "allowed_hosts" (include "release-server.allowedHosts" . | fromYamlArray) }}
{{- end }}
{{- $config = omit $config (include "release-server.s3" . | empty | ternary "s3" "storage_path") }}
{{- if and (include "release-server.s3" .) .Values.s3Credentials.existingSecret }}
  {{- $_ := set $config.s3 "access_key_id_file" "/etc/release-server/access_key_id" }}
  {{- $_ := set $config.s3 "secret_access_key_file" "/etc/release-server/secret_access_key" }}
{{- end }}
{{- if .Values.tls.existingSecret }}
  {{- $_ := set $config "tls" (dict "cert_file" "/etc/release-server/tls.crt" "key_file" "/etc/release-server/tls.key") }}
{{- end }}
{{- /* Helm takes a null in given values for "drop the default": the key is missing then, and means no limit. */}}
{{- if not (hasKey $config "max_packages") }}
  {{- $_ := set $config "max_packages" nil }}
{{- end }}
{{- with include "release-server.publicUrl" . }}
  {{- $_ := set $config "public_url" . }}
{{- end }}
{{- if and (not $config.auth_token_file) (include "release-server.tokenSecret" .) }}
  {{- $_ := set $config "auth_token_file" "/etc/release-server/token" }}
{{- end }}
{{- if .Values.auth.tokens.existingSecret }}
  {{- $_ := set $config "tokens_file" "/etc/release-server/tokens.yaml" }}
{{- end }}
{{- if .Values.auth.linkKey.existingSecret }}
  {{- $_ := set $config "link_key_file" "/etc/release-server/link_key" }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* A size of the server (256MiB) or of Kubernetes (1Gi) in bytes. */}}
{{- define "release-server.bytes" -}}
{{- $text := kindIs "string" . | ternary . (printf "%.0f" (float64 .)) | nospace | upper | trimSuffix "B" }}
{{- $factor := get (dict "" 1 "K" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "KI" 1024 "MI" 1048576 "GI" 1073741824 "TI" 1099511627776) (regexFind "[A-Za-z]*$" $text) }}
{{- mulf (regexFind "^[0-9.]+" $text | float64) $factor | int64 }}
{{- end }}

{{/* A time span as 60s in whole seconds, rounded up. */}}
{{- define "release-server.seconds" -}}
{{- $factor := get (dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0 "d" 86400.0) (regexFind "[a-z]+$" .) }}
{{- mulf (regexFind "^[0-9.]+" . | float64) $factor | ceil | int }}
{{- end }}

{{/* Seconds in which a pod that is told to go still serves, and then finishes what is under way. */}}
{{- define "release-server.shutdownSeconds" -}}
{{- $drain := include "release-server.seconds" (.Values.config.shutdown_timeout | default "60s") | int }}
{{- add $drain (include "release-server.preStopSeconds" . | int) }}
{{- end }}

{{/* Without a pod to take over it would only be a longer time without service. */}}
{{- define "release-server.preStopSeconds" -}}
{{- if include "release-server.exclusiveVolume" . }}
{{- 0 }}
{{- else }}
{{- int .Values.preStopSeconds }}
{{- end }}
{{- end }}

{{- define "release-server.terminationGracePeriodSeconds" -}}
{{- $given := .Values.terminationGracePeriodSeconds }}
{{- if kindIs "invalid" $given }}
{{- add (include "release-server.shutdownSeconds" . | int) 15 }}
{{- else }}
{{- int $given }}
{{- end }}
{{- end }}

{{/* Whether packages are on a volume with a claim. */}}
{{- define "release-server.persistent" -}}
{{- if and .Values.persistence.enabled (not (include "release-server.s3" .)) }}
{{- "true" }}
{{- end }}
{{- end }}

{{/* Whether the volume can be in one pod only. */}}
{{- define "release-server.exclusiveVolume" -}}
{{- if and (include "release-server.persistent" .) (has .Values.persistence.accessMode (list "ReadWriteOnce" "ReadWriteOncePod")) }}
{{- "true" }}
{{- end }}
{{- end }}

{{/* Those that are given; else, for several pods, over nodes and zones as far as that is possible. */}}
{{- define "release-server.topologySpreadConstraints" -}}
{{- $given := .Values.topologySpreadConstraints }}
{{- if not (kindIs "invalid" $given) }}
{{- with $given }}
{{- toYaml . }}
{{- end }}
{{- else if gt (int .Values.replicaCount) 1 }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "release-server.selectorLabels" $ | nindent 6 }}
  # Of one version: while pods roll, the old ones do not count.
  matchLabelKeys:
    - pod-template-hash
{{- end }}
{{- end }}
{{- end }}

{{/* As told; else for several pods, of which one can be missing. */}}
{{- define "release-server.disruptionBudget" -}}
{{- $given := .Values.podDisruptionBudget.enabled }}
{{- if kindIs "invalid" $given | ternary (gt (int .Values.replicaCount) 1) $given }}
{{- "true" }}
{{- end }}
{{- end }}
