#!/usr/bin/env bash
# docker-compose.yml for real: images built, brought up, loaded, scaled 1 -> 4 -> 2, every service replaced, watched, taken down; Redis, alerts
# and webhooks held against the oracle. Needs Docker with its compose plugin; without it this fails and says so. The last line is "N passed, N failed".
#
#   tests/compose.sh              docker-compose.yml, about five minutes on two calm cores; nothing is left behind but the images' build cache
#   tests/compose.sh --cluster    docker-compose.cluster.yml: TLS, logins, a broker and a Redis master that die; about three minutes and 4 GB of memory, edenhill/kcat for a look into Kafka
# IMAGES=0.1.0 tests/compose.sh ...  tries the images of that tag instead of building some.
set -uo pipefail
cd "$(dirname "$0")/.."

give_up() {
  echo "tests/compose.sh: $*" >&2
  echo "0 passed, 1 failed"
  exit 1
}
command -v docker >/dev/null || give_up "there is no docker here: the compose file can't be tried"
docker info >/dev/null 2>&1 || give_up "docker's engine does not answer (docker info): start it, or ask to be let in"
docker compose version >/dev/null 2>&1 || give_up "docker has no compose plugin (docker compose version)"
deploy/packages.sh test || give_up "the tests' packages could not be installed"
case "${1:-}" in
"") exec /usr/bin/python3 tests/compose/run.py ;;
--cluster) exec /usr/bin/python3 tests/compose/cluster.py ;;
*) give_up "no such option: $1" ;;
esac
