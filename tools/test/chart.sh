#!/usr/bin/env bash
# Tests the chart: one line a check, what was skipped and why, and the count in the last line.
#   tools/test/chart.sh              helm on PATH; with helm-unittest and kubeconform where there are
#   KUBERNETES_VERSIONS, SCHEMAS      what kubeconform checks against (a -schema-location; without, its own, from the net)
# shellcheck disable=SC2329 # functions are called by name, through check
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tools/test/checks.sh
source tools/test/checks.sh
chart=charts/release-server
versions=${KUBERNETES_VERSIONS:-1.33.0 1.34.0 1.35.0}

command -v helm >/dev/null || give_up chart 'helm is not on PATH'

rendered() { helm template release-server "$chart" "$@"; }
refuses() { # refuses PATTERN ARGUMENTS…: does not render, and says why
  if rendered "${@:2}" >"$work/rendered" 2>"$work/reason"; then
    echo 'it rendered'
    return 1
  fi
  grep -Eq -- "$1" "$work/reason" || { cat "$work/reason" && return 1; }
}
valid() { # valid VERSION VALUES
  local locations=()
  if [ -n "${SCHEMAS:-}" ]; then
    locations=(-schema-location "$SCHEMAS")
  else
    locations=(-schema-location default -schema-location
      'https://raw.githubusercontent.com/datreeio/CRDs-catalog/main/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json')
  fi
  rendered --kube-version "$1" --values "$2" >"$work/manifest" &&
    [ -s "$work/manifest" ] && kubeconform -strict -summary -kubernetes-version "$1" "${locations[@]}" <"$work/manifest"
}
read_by_server() { # read_by_server VALUES [KEY…]: as JSON, what its loader makes of the ConfigMap
  rendered --values "$1" >"$work/manifest" && node --experimental-transform-types --disable-warning=ExperimentalWarning \
    tools/test/chart-config.mjs "$work/manifest" "${@:2}"
}

for values in "$chart"/ci/*-values.yaml; do
  name=$(basename "$values" -values.yaml)
  check "lint: $name" helm lint --strict --quiet "$chart" --values "$values"
  check "template: $name" rendered --namespace tools --values "$values"
  check "the server reads: $name" read_by_server "$values"
done
# Helm and YAML make other things of null, of lists and of texts that look like numbers.
keys=(max_packages repository strict_repository immutable retention evict keep_releases keep_prereleases max_age protect protect_latest)
reads() { equal "$(read_by_server "$chart/ci/$1-values.yaml" "${keys[@]}")" "$2"; } # reads VALUES JSON
check 'the server reads the defaults of the chart as its own' reads minimal \
  '{"max_packages":200,"repository":"release-server/releases","strict_repository":false,"immutable":false,"retention":{"evict":"packages","keep_releases":null,"keep_prereleases":null,"max_age":null,"protect":[],"protect_latest":false}}'
check 'the server reads what is given as it is meant' reads releases \
  '{"max_packages":null,"repository":"acme/tool","strict_repository":true,"immutable":true,"retention":{"evict":"releases","keep_releases":10,"keep_prereleases":3,"max_age":31536000000,"protect":["*-lts","1.0","yes","v2.*"],"protect_latest":true}}'

keys=(read_access tokens_file tokens identities name scopes packages expires_at claims repository repository_owner_id ref_protected sub)
check 'the server reads tokens and identities as they are meant' reads tokens \
  '{"read_access":"token","tokens_file":"/etc/release-server/tokens.yaml","tokens":[{"name":"mirror","scopes":["read"],"packages":["*-1.0","1.0","yes"],"expires_at":1814313600000}],"identities":[{"name":"github","scopes":["publish"],"claims":{"repository":"acme/templates","repository_owner_id":"123456789","ref_protected":"true"}},{"name":"jenkins","scopes":["publish","overwrite"],"claims":{"sub":"https://jenkins.example.org/job/templates/job/*"}}],"repository":"release-server/releases"}'

if command -v kubeconform >/dev/null; then
  for version in $versions; do
    for values in "$chart"/ci/*-values.yaml; do
      check "schema of Kubernetes $version: $(basename "$values" -values.yaml)" valid "$version" "$values"
    done
  done
else
  skip 'schemas of Kubernetes' 'kubeconform is not on PATH'
fi

if helm plugin list 2>/dev/null | grep -q '^unittest'; then
  check 'unit tests of the templates' helm unittest --strict "$chart"
  grep -E '^(Tests|Test Suites):' "$work/said" | sed 's/^/      /'
else
  skip 'unit tests of the templates' 'the plugin helm-unittest is not installed'
fi

token=(--set auth.token=token-of-a-test)
host=x.example.org
route=(--set httpRoute.enabled=true --set "httpRoute.hostnames[0]=$host" --set 'httpRoute.parentRefs[0].name=gateway')
check 'refuses to install without a token' refuses 'no token for writes: give auth.token'
check 'needs no token to serve only' rendered --set config.read_only=true
check 'refuses a token in the ConfigMap' refuses 'give it as auth.token' --set config.auth_token=x
check 'needs no token where named ones are in a Secret' rendered --set auth.tokens.existingSecret=x
check 'refuses to keep reads from everybody' refuses 'without a token for reads' --set config.read_only=true \
  --set config.read_access=token
check 'refuses named tokens from two files' refuses 'named tokens are given twice' --set auth.tokens.existingSecret=x \
  --set config.tokens_file=/tokens/list
check 'refuses a key of links in the ConfigMap' refuses 'auth.linkKey.existingSecret' "${token[@]}" --set config.link_key=x
check 'refuses several pods without a key of links' refuses 'links that others of them have signed' --set replicaCount=2 \
  --set config.read_access=token --set auth.tokens.existingSecret=x --set persistence.accessMode=ReadWriteMany
check 'refuses a token in the place of its hash' refuses "token.* not allowed" --set 'config.tokens[0].token=x'
check 'refuses two tokens' refuses 'more than one token' "${token[@]}" --set auth.existingSecret=x
check 'refuses half of a certificate' refuses 'go together' "${token[@]}" --set config.tls.cert_file=/tls/crt
check 'refuses two certificates' refuses 'given twice' "${token[@]}" --set tls.existingSecret=x \
  --set config.tls.cert_file=/tls/crt --set config.tls.key_file=/tls/key
check 'refuses a certificate in the environment' refuses 'TLS_CERT_FILE .* give config.tls.cert_file' "${token[@]}" \
  --set 'extraEnv[0].name=TLS_CERT_FILE' --set 'extraEnv[0].value=/tls/crt'
check 'refuses a misspelt value' refuses 'replicaCuont' "${token[@]}" --set replicaCuont=1
check 'refuses a misspelt key of config' refuses 'max_pakages' "${token[@]}" --set config.max_pakages=1
check 'refuses a misspelt probe field' refuses 'periodSecond' "${token[@]}" --set livenessProbe.periodSecond=1
check 'refuses a misspelt security field' refuses 'runAsUsr' "${token[@]}" --set podSecurityContext.runAsUsr=1
check 'refuses a port out of range' refuses 'config.port' "${token[@]}" --set config.port=70000
check 'refuses a port that is no number' refuses 'config.port' "${token[@]}" --set config.port=http
check 'refuses a host of Ingress and HTTPRoute' refuses 'host of the Ingress and of the HTTPRoute' "${token[@]}" \
  --set ingress.enabled=true --set "ingress.hosts[0].host=$host" "${route[@]}"
check 'refuses a grace period within the drain time' refuses 'more than 60' "${token[@]}" --set terminationGracePeriodSeconds=60
check 'refuses a variable that outranks the config' refuses 'give config.port' "${token[@]}" --set 'extraEnv[0].name=PORT'
check 'refuses a variable that outranks a section of it' refuses 'give config.retention.protect' "${token[@]}" \
  --set 'extraEnv[0].name=RETENTION_PROTECT'
check 'refuses several pods on an exclusive volume' refuses 'several pods need one place' "${token[@]}" --set replicaCount=2
check 'refuses a bucket without a name' refuses 'give config.s3.bucket' "${token[@]}" --set config.storage_driver=s3
check 'refuses a bucket that would be ignored' refuses 'set config.storage_driver=s3' "${token[@]}" --set config.s3.bucket=x
check 'refuses a misspelt key of the bucket' refuses 'buckt' "${token[@]}" --set config.storage_driver=s3 --set config.s3.buckt=x
check 'refuses keys of the bucket in the ConfigMap' refuses 's3Credentials.existingSecret' "${token[@]}" \
  --set config.storage_driver=s3 --set config.s3.bucket=x --set config.s3.secret_access_key=x

finish
