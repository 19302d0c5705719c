#!/usr/bin/env bash
# Installs the chart on the cluster that KUBECONFIG names, uses it, upgrades it and removes it again. In namespaces of its
# own, but for the part about releases in `default`, which makes `spec-kit`, and is skipped where that exists.
#   tools/test/cluster.sh
#   IMAGE          an image that the nodes have or can pull; default: what docker/build.sh --print says
#   HELM           default: helm
#   ENTRY          HOST:PORT at which an ingress controller and a gateway take plain HTTP; without, both are skipped
#   INGRESS_CLASS  default: the cluster's default class
#   GATEWAY        NAMESPACE/NAME; default: the first that there is
#   OCI_REGISTRY   HOST:PORT of a registry without TLS to push the chart to; without, that is skipped
#   S3_ENDPOINT, S3_BUCKET, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION
#                  an object store, by its address as pods see it, for three replicas; without, they are skipped.
#                  What is made there lies below a prefix of its own, and is removed again
# shellcheck disable=SC2329 # functions are called by name, through check
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tools/test/checks.sh
source tools/test/checks.sh

helm=${HELM:-helm}
for tool in kubectl "$helm" curl openssl; do
  command -v "$tool" >/dev/null || give_up cluster "$tool is not on PATH"
done
kubectl get --raw /readyz >"$work/ready" 2>&1 || give_up cluster "no cluster answers: $(tail -n 1 "$work/ready")"

chart=charts/release-server
image=${IMAGE:-$(docker/build.sh --print)}
of_image=(--set "image.repository=${image%:*}" --set-string "image.tag=${image##*:}")
name=packages
namespace=release-server-test-$$
other=$namespace-2
pids=()
made_default=no
token=$(openssl rand -hex 16)
large='large-1.0.0.zip'

clean_up() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
  if [ "$made_default" = yes ]; then
    "$helm" uninstall --namespace default --ignore-not-found first second
    kubectl delete namespace spec-kit
  fi >/dev/null 2>&1
  kubectl delete namespace --ignore-not-found "$namespace" "$other" >/dev/null 2>&1
}

h() { "$helm" "$@"; }
k() { kubectl --namespace "$namespace" "$@"; }
install() { h install "$name" "$chart" --namespace "$namespace" --wait --timeout 3m --values "$work/values.yaml" "$@"; }
upgrade() { h upgrade "$name" "$chart" --namespace "$namespace" --wait --timeout 3m --reset-then-reuse-values "$@"; }
pod() { k get pods --selector "app.kubernetes.io/instance=$name" --field-selector status.phase=Running -o jsonpath='{.items[*].metadata.uid}'; }
named() { [[ $(k get "$1" -o name) == "$2" ]]; }

# forward NAMESPACE TARGET PORT: sets $url
forward() {
  local log=$work/forward-${#pids[@]}
  kubectl --namespace "$1" port-forward --address 127.0.0.1 "$2" ":$3" >"$log" 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do
    url=$(sed -n 's#^Forwarding from \(127\.0\.0\.1:[0-9]*\) .*#http://\1#p' "$log")
    [ -z "$url" ] || return 0
    sleep 0.1
  done
  cat "$log"
  return 1
}
ask() { curl --silent --show-error --fail-with-body --max-time 120 --connect-to "${host:-x}:80:${ENTRY:-}" "$@"; }
publish() { # publish TOKEN FILE URL
  ask --header "Authorization: Bearer $1" --upload-file "$2" "$3/assets/"
}
status_of() { # of a write with a token
  ask --output "$work/answer" --write-out '%{http_code}' --header "Authorization: Bearer $1" --upload-file "$work/small-1.0.0.txt" "$2/assets/?overwrite=true"
}
eventually() { # eventually SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 1
  done
}
# Up and down again by the link that the server gives, which has to be below BASE.
passes_large() { # passes_large BASE
  publish "$token" "$work/$large" "$1" || return
  ask "$1/latest" >"$work/latest" || return
  grep -o '"browser_download_url":"[^"]*"' "$work/latest" | grep -F "\"$1/assets/$large\"" || { cat "$work/latest"; return 1; }
  ask "$1/assets/$large" | cmp - "$work/$large"
}
still_has() { ask "$1/assets/$large" | cmp - "$work/$large"; } # still_has BASE

# ---- what the API server itself says of each shape

accepts() { # accepts VALUES
  h template "$name" "$chart" --namespace "$namespace" --values "$1" >"$work/manifest" &&
    k apply --dry-run=server --validate=strict --filename "$work/manifest"
}
refuses_default_pods() {
  local said
  said=$(k run x --image=x --dry-run=server 2>&1) && { echo "accepted: $said"; return 1; }
  [[ $said == *'violates PodSecurity "restricted'* ]] || { echo "$said"; return 1; }
}

head -c 104857600 /dev/urandom >"$work/$large"
echo small >"$work/small-1.0.0.txt"
kubectl create namespace "$namespace" >"$work/said" || { cat "$work/said"; exit 1; }
kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted >"$work/said"
check 'the namespace takes restricted pods only' refuses_default_pods
routes=$(kubectl get crd httproutes.gateway.networking.k8s.io -o name 2>"$work/none")
for values in "$chart"/ci/*-values.yaml; do
  shape=$(basename "$values" -values.yaml)
  if [ -z "$routes" ] && [ "$shape" = httproute ]; then
    skip "the API server takes: $shape" 'the cluster has no Gateway API'
  else
    check "the API server takes: $shape" accepts "$values"
  fi
done

# ---- install

gateway=${GATEWAY:-$(kubectl get gateways --all-namespaces -o jsonpath='{.items[0].metadata.namespace}/{.items[0].metadata.name}' 2>"$work/none")}
class=${INGRESS_CLASS:-}
host=packages.example.org
cat >"$work/values.yaml" <<YAML
image: { repository: '${image%:*}', tag: '${image##*:}' }
auth: { existingSecret: credentials }
config: { port: 9000, shutdown_timeout: 5s }
service: { port: 8080 }
persistence: { size: 1Gi }
podDisruptionBudget: { enabled: true }
resources: { requests: { memory: 128Mi }, limits: { memory: 384Mi } }
YAML
[ -z "${ENTRY:-}" ] || cat >>"$work/values.yaml" <<YAML
ingress: { enabled: true, className: '$class', hosts: [{ host: $host }] }
YAML
base=http://$host

claim_bound() { equal "$(k get persistentvolumeclaim "$name-release-server" -o jsonpath='{.status.phase}')" Bound; }
serves_on_both_ports() {
  forward "$namespace" "service/$name-release-server" 8080 && curl -fsS "$url/readyz" &&
    forward "$namespace" "deployment/$name-release-server" 9000 && curl -fsS "$url/readyz"
}
notes_lead_there() { # the commands that the notes print, taken as they are
  h get notes "$name" --namespace "$namespace" >"$work/notes"
  local TOKEN
  eval "$(sed -n 's/^ *export \(TOKEN=.*\)$/\1/p' "$work/notes")"
  equal "$TOKEN" "$token" || return
  [ -z "${ENTRY:-}" ] || grep -F "export SERVER=$base" "$work/notes"
}
mounts_no_account() {
  ! k get pods --selector "app.kubernetes.io/instance=$name" -o yaml | grep -E 'serviceAccountToken|kube-api-access'
}
k create secret generic credentials --from-literal=token="$token" >"$work/said"
check "the chart installs $image under the policy restricted" install || {
  k get pods,events
  k logs --selector "app.kubernetes.io/instance=$name" --tail=5
  finish
}
check 'its claim is bound' claim_bound
check 'it answers at the port of the Service and at the configured one' serves_on_both_ports
check 'its notes lead to the address and the token' notes_lead_there
check 'its pod has no token of the cluster' mounts_no_account
check 'helm test passes' h test "$name" --namespace "$namespace"
forward "$namespace" "service/$name-release-server" 8080
if [ -n "${ENTRY:-}" ]; then
  check '100 MiB go up and down through the Ingress, and links lead there' eventually 30 passes_large "$base"
else
  skip 'the Ingress' 'ENTRY does not say where its controller is'
  check '100 MiB go up and down' publish "$token" "$work/$large" "$url"
  base=$url
fi

# ---- upgrade: a new configuration, another way in

before=$(pod)
rolled() { [ "$(pod)" != "$before" ] || { echo 'the pod is the same'; return 1; }; }
routed=(--set ingress.enabled=false --set httpRoute.enabled=true --set "httpRoute.hostnames[0]=$host"
  --set "httpRoute.parentRefs[0].name=${gateway#*/}" --set "httpRoute.parentRefs[0].namespace=${gateway%/*}"
  --set-json 'httpRoute.rules=[{"matches":[{"path":{"type":"PathPrefix","value":"/releases"}}],"filters":[{"type":"URLRewrite","urlRewrite":{"path":{"type":"ReplacePrefixMatch","replacePrefixMatch":"/"}}}]}]')
accepted() {
  k get httproute "$name-release-server" -o jsonpath='{.status.parents[*].conditions[?(@.type=="Accepted")].status}' | grep -x True
}
if [ -n "${ENTRY:-}" ] && [ -n "$routes" ] && [ "$gateway" != / ]; then
  check 'an upgrade moves it to an HTTPRoute below a path' upgrade "${routed[@]}"
  base=http://$host/releases
  check 'the gateway accepts the route' eventually 30 accepted
  check 'the changed configuration rolled the pod' rolled
  check 'the package is still there' eventually 30 still_has "$base"
  large='large-2.0.0.zip'
  mv "$work/large-1.0.0.zip" "$work/$large"
  check '100 MiB go up and down through the HTTPRoute, and links lead there' passes_large "$base"
else
  skip 'the HTTPRoute' 'there is no Gateway, or ENTRY does not say where it is'
  check 'an upgrade takes a changed configuration' upgrade --set config.max_packages=34
  check 'it rolled the pod' rolled
  forward "$namespace" "service/$name-release-server" 8080
  base=$url
  check 'the package is still there' still_has "$base"
fi

# ---- the token

before=$(pod)
old=$token
token=$(openssl rand -hex 16)
takes() { equal "$(status_of "$1" "$base" | tail -n 1)" "$2"; } # takes TOKEN STATUS
takes_new() { [[ $(status_of "$token" "$base") == 20? ]]; }
check 'the token of the Secret is taken' takes "$old" 201
k create secret generic credentials --from-literal=token="$token" --dry-run=client -o yaml | k apply -f - >"$work/said" 2>&1
check 'a rotated Secret takes effect' eventually 180 takes_new
check 'the old token is refused' takes "$old" 401
check 'no restart was needed' equal "$(pod)" "$before"
token=$(openssl rand -hex 16)
check 'an upgrade takes a token of the values instead' upgrade --set auth.existingSecret= --set auth.token="$token"
check 'that rolled the pod' rolled
case $base in http://127.*) forward "$namespace" "service/$name-release-server" 8080 && base=$url ;; esac
check 'the new token is taken' eventually 30 takes_new

# ---- named tokens, and reads with a token only

made() { # as the notes tell: sets $token, and lists its entry
  k exec "deployment/$name-release-server" -- /nodejs/bin/node node_modules/.bin/release-server \
    token create --name ci --scope publish,overwrite >"$work/entry" 2>"$work/made" || return
  token=$(grep '^rs_' "$work/made")
  { echo tokens: && cat "$work/entry"; } >"$work/tokens.yaml"
  k create secret generic tokens --from-file="$work/tokens.yaml" --dry-run=client -o yaml | k apply -f -
}
hides_from() { # hides_from STATUS ARGUMENT...
  equal "$(curl -sS -o "$work/answer" -w '%{http_code}' --max-time 30 --connect-to "${host:-x}:80:${ENTRY:-}" "${@:2}" "$base/latest")" "$1"
}

old=$token
check 'the image makes a named token for a Secret' made
check 'an upgrade takes it in the place of the other, and closes reads' upgrade --set auth.token= \
  --set auth.tokens.existingSecret=tokens --set config.read_access=token
case $base in http://127.*) forward "$namespace" "service/$name-release-server" 8080 && base=$url ;; esac
check 'the named token is taken' eventually 30 takes_new
check 'the token before is refused' takes "$old" 401
check 'nobody reads without a token' hides_from 401
check 'nor with one without the scope read' hides_from 403 --header "Authorization: Bearer $token"
check 'helm test passes on private reads' h test "$name" --namespace "$namespace"
before=$(pod)
old=$token
check 'another named token takes its place in the Secret' made
check 'it takes effect' eventually 180 takes_new
check 'the named token before is refused' takes "$old" 401
check 'no restart was needed for it' equal "$(pod)" "$before"

# ---- remove, and install again on what was kept

gone() { [ -z "$(k get "$1" --selector "app.kubernetes.io/instance=$name" -o name)" ]; }
check 'it uninstalls' h uninstall "$name" --namespace "$namespace" --wait
check 'nothing is left but the claim' eventually 60 gone deployments,services,configmaps,secrets,serviceaccounts,ingresses,networkpolicies,poddisruptionbudgets,pods
check 'the claim is kept' named persistentvolumeclaim "persistentvolumeclaim/$name-release-server"
check 'it installs again on the kept claim' install --set ingress.enabled=false --set persistence.keep=false
forward "$namespace" "service/$name-release-server" 8080
check 'the package is still there after that' still_has "$url"
check 'it uninstalls again' h uninstall "$name" --namespace "$namespace" --wait
check 'the claim is gone, as told' eventually 60 gone persistentvolumeclaims

# ---- several pods on an object store

# in_pod NAME MODE ENVIRONMENT: cluster-replicas.mjs in a pod under the policy restricted
in_pod() {
  k apply --filename - <<YAML
apiVersion: v1
kind: Pod
metadata: { name: '$1' }
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
  volumes: [{ name: script, configMap: { name: cluster-replicas } }]
  containers:
    - name: test
      image: '$image'
      imagePullPolicy: IfNotPresent
      command: [/nodejs/bin/node, /script/cluster-replicas.mjs, '$2']
      env: $3
      volumeMounts: [{ name: script, mountPath: /script }]
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }
YAML
}
ended() { # ended NAME: well, with what it said
  local phase
  eventually "${2:-60}" is_over "$1"
  phase=$(k get pod "$1" -o jsonpath='{.status.phase}')
  k logs "$1"
  [ "$phase" = Succeeded ]
}
is_over() { [[ $(k get pod "$1" -o jsonpath='{.status.phase}') == @(Succeeded|Failed) ]]; }
of_store() { # the environment of a pod that uses the store itself
  local key keys=''
  for key in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; do
    keys+="{ name: $key, valueFrom: { secretKeyRef: { name: bucket-keys, key: $key } } }, "
  done
  echo "[${keys}{ name: AWS_REGION, value: '$AWS_REGION' }, { name: S3_ENDPOINT, value: '$S3_ENDPOINT' }," \
    "{ name: S3_BUCKET, value: '$S3_BUCKET' }, { name: S3_PREFIX, value: '$namespace/' }]"
}
prepared() {
  k create configmap cluster-replicas --from-file=tools/test/cluster-replicas.mjs &&
    k create secret generic bucket-keys --from-literal=AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" \
      --from-literal=AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY"
}
reachable() { in_pod reach reach "$(of_store)" && ended reach; }

missing=
for variable in S3_ENDPOINT S3_BUCKET AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION; do
  [ -n "${!variable:-}" ] || missing+=" $variable"
done
unreachable() {
  [ -z "$missing" ] || { reason="without$missing"; return; }
  prepared >"$work/said" 2>&1 && reachable >"$work/said" 2>&1 && return 1
  reason="pods get no answer at $S3_ENDPOINT: $(tail -n 1 "$work/said")"
}

says() { k logs "$1" | grep -Fx "$2"; } # says POD LINE
stopped() { # as its process 1
  k exec "$1" -- /nodejs/bin/node -e "process.kill(1, 'SIGTERM')"
}
restarted() {
  k rollout restart "deployment/$name-release-server" && k rollout status --timeout 5m "deployment/$name-release-server"
}
none_of() { # none_of UIDS
  local uid now
  now=" $(pod) "
  for uid in $1; do [[ $now != *" $uid "* ]] || { echo "$uid is still there"; return 1; }; done
}
lists_acknowledged() { # what the server lists, held against what the load was told
  ask --header 'Accept: application/json' "$url/packages" | tr '{' '\n' |
    sed -nE 's/.*"name":"([^"]*)".*"sha256":"([^"]*)".*/\1 \2/p' | LC_ALL=C sort >"$work/listed"
  [ -s "$work/acknowledged" ] && diff "$work/acknowledged" "$work/listed"
}
forwarded() { forward "$namespace" "service/$name-release-server" 80; }
pods_are() { equal "$(k get deployment "$name-release-server" -o jsonpath='{.status.readyReplicas}')" "$1"; }
one_may_go() { equal "$(k get poddisruptionbudget "$name-release-server" -o jsonpath='{.status.disruptionsAllowed}')" "$1"; }
keys_are_files() { ! k get deployment,configmap --selector "app.kubernetes.io/instance=$name" -o yaml | grep -F -e "$AWS_SECRET_ACCESS_KEY" -e 'name: AWS_'; }

if unreachable; then
  skip 'several pods on an object store' "$reason"
else
  name=replicas
  port=${S3_ENDPOINT##*:}
  [[ $port =~ ^[0-9]+ ]] && port=${BASH_REMATCH[0]} || port=443
  cat >"$work/values.yaml" <<YAML
image: { repository: '${image%:*}', tag: '${image##*:}' }
replicaCount: 3
auth: { token: '$token' }
config:
  storage_driver: s3
  max_packages: null
  shutdown_timeout: 20s
  s3: { bucket: '$S3_BUCKET', prefix: '$namespace/', region: '$AWS_REGION', endpoint: '$S3_ENDPOINT', force_path_style: true }
s3Credentials: { existingSecret: bucket-keys }
spool: { sizeLimit: 1Gi }
networkPolicy: { enabled: true, egress: [{ ports: [{ port: $port }, { port: 53, protocol: UDP }, { port: 53, protocol: TCP }] }] }
YAML
  check 'three pods install on an object store' install || {
    k get pods,events
    k logs --selector "app.kubernetes.io/instance=$name" --tail=5
    finish
  }
  check 'they are ready' pods_are 3
  check 'they claim no volume' gone persistentvolumeclaims
  check 'the keys of the store are in files only' keys_are_files
  check 'one of them may be missing, not more' eventually 30 one_may_go 1
  check 'helm test passes on them' h test "$name" --namespace "$namespace"

  before=$(pod)
  in_pod load load "[{ name: SERVER, value: 'http://$name-release-server' },
    { name: TOKEN, valueFrom: { secretKeyRef: { name: $name-release-server, key: token } } }]" >"$work/said" 2>&1
  check 'publishes are under way' eventually 60 says load 'under way'
  check 'all pods are replaced meanwhile' restarted
  check 'none of the old ones is left' eventually 120 none_of "$before"
  check 'they are replaced once more' restarted
  check 'the publishes are stopped' stopped load
  check 'nothing acknowledged is lost, and nothing failed but what may be retried' ended load 300
  tail -n 1 "$work/said" | sed 's/^/      /'
  sed -n 's/^acknowledged //p' "$work/said" | LC_ALL=C sort >"$work/acknowledged"

  check 'it grows to five pods' upgrade --set replicaCount=5
  check 'five are ready' pods_are 5
  check 'it shrinks to one' upgrade --set replicaCount=1
  check 'no PodDisruptionBudget is left for one' gone poddisruptionbudgets
  forwarded
  check 'it lists what was acknowledged, by name and digest' lists_acknowledged
  check 'it uninstalls from the store' h uninstall "$name" --namespace "$namespace" --wait
  check 'nothing of it is left in the cluster' eventually 90 gone deployments,services,configmaps,secrets,serviceaccounts,networkpolicies,pods
  check 'it installs again on the bucket' install
  forwarded
  check 'every package is there again' lists_acknowledged
  check 'it uninstalls from the store again' h uninstall "$name" --namespace "$namespace" --wait
  check 'all pods are gone' eventually 90 gone pods
  in_pod sweep sweep "$(of_store)" >"$work/said" 2>&1
  check 'what it made in the bucket is removed' ended sweep 300
fi

# ---- out of a registry

pushed() {
  local version
  version=$(sed -n 's/^version: //p' "$chart/Chart.yaml")
  h package "$chart" --destination "$work" && h push --plain-http "$work/release-server-$version.tgz" "oci://$OCI_REGISTRY/charts" &&
    h install pulled "oci://$OCI_REGISTRY/charts/release-server" --version "$version" --plain-http --namespace "$other" --create-namespace \
      --wait --timeout 3m --set auth.token="$token" --set persistence.enabled=false \
      "${of_image[@]}"
}
if [ -n "${OCI_REGISTRY:-}" ]; then
  check 'the chart is pushed to a registry and installed from there' pushed
else
  skip 'the chart from a registry' 'OCI_REGISTRY does not name one'
fi

# ---- without a namespace

default_release() { # default_release install|upgrade NAME ARGUMENT...
  h "$1" "$2" "$chart" --namespace default --wait --timeout 3m --set auth.token="$token" --set persistence.size=1Gi \
    --set persistence.keep=false "${of_image[@]}" "${@:3}"
}
all_in_spec_kit() { # all_in_spec_kit RELEASE
  h get manifest "$1" --namespace default | kubectl get -f - -o jsonpath='{range .items[*]}{.kind} {.metadata.namespace}{"\n"}{end}' >"$work/where"
  ! grep -v '^Namespace $' "$work/where" | grep -v ' spec-kit$' && equal "$(grep -c ' spec-kit$' "$work/where")" 7
}
refuses_to_lose_the_claim() {
  local said
  said=$(default_release upgrade first --set config.storage_driver=s3 --set config.s3.bucket=x 2>&1) && { echo 'upgraded'; return 1; }
  [[ $said == *'persistence.keep=true first'* ]] || { echo "$said"; return 1; }
}
namespace_stays() { equal "$(kubectl get namespace spec-kit -o jsonpath='{.status.phase}')" Active; }
if kubectl get namespace spec-kit >"$work/none" 2>&1; then
  skip 'releases without a namespace' 'the namespace spec-kit exists already'
else
  made_default=yes
  check 'without a namespace it installs, and makes spec-kit' default_release install first
  check 'all of it is there' all_in_spec_kit first
  check 'a second release shares it' default_release install second
  check 'the first can be upgraded' default_release upgrade first --set config.max_packages=34
  check 'it cannot go to a bucket while its claim would be removed' refuses_to_lose_the_claim
  check 'the second can be upgraded' default_release upgrade second --set config.max_packages=34
  check 'helm test passes there' h test first --namespace default
  check 'a rollback works' h rollback first 1 --namespace default --wait --timeout 3m
  check 'the first uninstalls' h uninstall first --namespace default --wait
  check 'spec-kit stays' namespace_stays
  check 'the second goes on' h test second --namespace default
  check 'the first installs again in the spec-kit that exists' default_release install first
fi

finish
