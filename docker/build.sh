#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: docker/build.sh [OPTION]... [-- ARGUMENT...]

Builds the image {REGISTRY}/{AUTHOR}/{IMAGE_NAME}:{TAG}. ARGUMENTs go to docker build.

      --registry HOST[:PORT]  default: $REGISTRY, or ghcr.io
      --author NAME           default: $AUTHOR, or zlink-cloudtech
      --image-name NAME       default: $IMAGE_NAME, or release-server
      --tag TAG               default: $TAG, or the version in package.json
      --platform LIST         such as linux/amd64,linux/arm64; several need buildx and --push
      --push                  push the image
      --print                 print the image's name and do nothing
  -h, --help                  print this
TEXT
}

die() {
  printf 'build.sh: %s\n' "${1//[[:cntrl:]]/?}" >&2
  exit 2
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=$(sed -n 's/^  "version": "\([^"]*\)",\{0,1\}$/\1/p' "$root/package.json")
registry=${REGISTRY:-ghcr.io}
author=${AUTHOR:-zlink-cloudtech}
image_name=${IMAGE_NAME:-release-server}
tag=${TAG:-$version}
platform=
push=false
print=false

while [ $# -gt 0 ]; do
  case $1 in
    --registry=* | --author=* | --image-name=* | --tag=* | --platform=*)
      set -- "${1%%=*}" "${1#*=}" "${@:2}"
      continue
      ;;
    --registry | --author | --image-name | --tag | --platform)
      [ -n "${2:-}" ] || die "$1 needs a value"
      name=${1#--}
      printf -v "${name//-/_}" %s "$2"
      shift 2
      ;;
    --push) push=true; shift ;;
    --print) print=true; shift ;;
    -h | --help) usage; exit ;;
    --) shift; break ;;
    *) die "unknown argument $1; docker's own go after --, see --help" ;;
  esac
done

# The grammar of references: github.com/distribution/reference.
export LC_ALL=C
label='[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
host="^($label(\.$label)*|\[[A-Fa-f0-9:]+\])(:[0-9]+)?$"
component='[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*'
path="^$component(/$component)*$"

[[ $registry =~ $host ]] || die "REGISTRY '$registry' is not a host name with an optional port, such as ghcr.io or localhost:5000"
# Docker would take a plain word for a part of the path on docker.io.
[[ $registry == *[.:]* || $registry == localhost ]] ||
  die "REGISTRY '$registry' is no registry to Docker without a dot or a port, such as $registry:5000"
[[ $author =~ $path ]] || die "AUTHOR '$author' may hold small letters, digits and, between them, . _ __ - and /"
[[ $image_name =~ $path ]] || die "IMAGE_NAME '$image_name' may hold small letters, digits and, between them, . _ __ - and /"
[[ $tag =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] ||
  die "TAG '$tag' may hold letters, digits, _ . and -, starts with none of . and -, and has at most 128 characters"
repository=$registry/$author/$image_name
[ ${#repository} -le 255 ] || die "the name $repository is longer than 255 characters"
image=$repository:$tag

if $print; then
  printf '%s\n' "$image"
  exit
fi

arguments=(--file "$root/docker/Dockerfile" --tag "$image" --build-arg "VERSION=$version")
arguments+=(--build-arg "CREATED=$(date -u +%Y-%m-%dT%H:%M:%SZ)")
if revision=$(git -C "$root" rev-parse --verify --quiet HEAD 2>&1); then
  arguments+=(--build-arg "REVISION=$revision")
fi
[ -z "$platform" ] || arguments+=(--platform "$platform")

if docker buildx version >/dev/null 2>&1; then
  # Builders other than the daemon's own keep what they build unless told where to put it.
  output=--load
  if $push; then output=--push; fi
  case " $* " in *' --output'* | *' -o '* | *' --load '* | *' --push '*) output= ;; esac
  if [[ $output == --load && $platform == *,* ]]; then
    die "an image for several platforms has to be pushed: add --push, or -- --output type=oci,dest=FILE"
  fi
  docker buildx build "${arguments[@]}" ${output:+"$output"} "$@" "$root"
else
  [[ $platform != *,* ]] || die "several platforms at once need docker buildx"
  # The legacy builder does not know it by itself.
  buildplatform=$(docker version --format '{{.Server.Os}}/{{.Server.Arch}}')
  docker build "${arguments[@]}" --build-arg "BUILDPLATFORM=$buildplatform" "$@" "$root"
  if $push; then docker push "$image"; fi
fi
printf '%s\n' "$image"
