#!/bin/sh
# Starts a project from the newest stable template of the team:
#   curl -fsSL http://127.0.0.1:8000/assets/install.sh | sh -s -- my-project claude
set -eu

server=${RELEASE_SERVER_URL:-http://127.0.0.1:8000}
exec specify init "${1:?a directory}" --ai "${2:-claude}" --script sh --template-url "$server/latest"
