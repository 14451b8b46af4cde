#!/usr/bin/env bash
# The main job on this machine: embedded broker, private Redis, the three services, a webhook receiver, sample events.
#
#   deploy/demo.sh          streams the samples, shows the live view (q or Ctrl-C ends it), prints each alert as it was received
#   deploy/demo.sh --once   without a live screen, to the end; exits 0 only if every expected alert arrived and every count adds up
#
# Needs Debian 12, and root or sudo if packages are missing. Leaves nothing behind but build/release.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

once=
case "${1:-}" in
--once) once=1 ;;
"") [ -t 1 ] || once=1 ;; # the live view needs a terminal
*) sed -n '2,7s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
esac
say() { printf '\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '%s\n' "$*"; }

deploy/packages.sh demo
for variable in ${!VOC_@}; do unset "$variable"; done # the demo has a configuration of its own
build_log=$(mktemp)
say "building"
if ! { cmake --preset release && cmake --build --preset release; } >"$build_log" 2>&1; then
  tail -40 "$build_log"
  rm -f "$build_log"
  exit 1
fi
rm -f "$build_log"
bin=$root/build/release/bin

work=$(mktemp -d /tmp/voc-demo.XXXXXX)
pids=()
finish() {
  status=$?
  trap - EXIT INT TERM
  [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
  exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    for pid in "${pids[@]}"; do
      kill -0 "$pid" 2>/dev/null || { echo "a process of the demo ended:" >&2; tail -5 "$work"/*.log >&2; return 1; }
    done
    [ $SECONDS -lt $deadline ] || { echo "waited in vain for $what" >&2; tail -5 "$work"/*.log >&2; return 1; }
    sleep 0.1
  done
}

start() { # NAME COMMAND...: in the background; standard output to NAME.out, the rest to NAME.log
  local name=$1
  shift
  "$@" >"$work/$name.out" 2>"$work/$name.log" </dev/null &
  pids+=($!)
}

say "starting Redis, the development broker, the webhook receiver and the services in $work"
secret="whsec_$(head -c 24 /dev/urandom | base64)"
start redis redis-server --port 0 --unixsocket "$work/redis.sock" --save "" --appendonly no --dir "$work" --maxmemory-policy noeviction --hash-max-listpack-value 2048
start broker env VOC_HTTP_ADDR=127.0.0.1:0 "$bin/voc-devbroker"
start receiver python3 -u tests/support/webhook_receiver.py --port 0 --secret "$secret" --log "$work/received.ndjson" --pretty
wait_for 20 "the broker" grep -q bootstrap "$work/broker.out"
wait_for 20 "the receiver" grep -qE '[0-9]+' "$work/receiver.out"
wait_for 20 "Redis" test -S "$work/redis.sock"

port=$(grep -oE '[0-9]+' "$work/receiver.out" | head -1)
cat >"$work/webhooks.json" <<JSON
{"endpoints": [{"name": "demo", "url": "http://127.0.0.1:$port/ok", "format": "cloudevents", "secret": "$secret"}]}
JSON
VOC_KAFKA_BOOTSTRAP=$(sed -n 's/.*"bootstrap": *"\([^"]*\)".*/\1/p' "$work/broker.out")
export VOC_KAFKA_BOOTSTRAP
export VOC_REDIS_URL="unix://$work/redis.sock" VOC_WEBHOOKS="$work/webhooks.json" VOC_ALLOW_PRIVATE=yes VOC_HTTP_ADDR=127.0.0.1:0
export VOC_MODEL=$root/services/classifier/model.bin VOC_PHRASES=$root/services/classifier/phrases.txt VOC_RULES=$root/deploy/rules.json VOC_GAPS=$root/deploy/gaps.json
export VOC_KAFKA_SESSION_TIMEOUT_MS=6000
for service in classifier aggregator alerter; do
  start $service "$bin/voc-$service"
done

address() { sed -n 's/.*"event":"listening".*"port":\([0-9]*\).*/\1/p' "$work/$1.log" | head -1; }
get() { # SERVICE PATH
  exec 3<>"/dev/tcp/127.0.0.1/$(address "$1")" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
  cat <&3
  exec 3>&-
}
ready() { get "$1" /readyz | head -1 | grep -q ' 200 '; }
for service in classifier aggregator alerter; do
  wait_for 30 "voc-$service" ready $service
done

facts=deploy/samples/facts.ndjson
say "sending $(wc -l <$facts) profiles and orders of nine customers"
"$bin/vocctl" send --rebase-time $facts 2>"$work/facts.log" || { cat "$work/facts.log" >&2; exit 1; }
applied_facts() {
  get aggregator /metrics >"$work/aggregator.metrics"
  [ "$(sed -n 's/^voc_facts_total //p' "$work/aggregator.metrics")" = "$(wc -l <$facts)" ]
}
wait_for 30 "the profiles and orders" applied_facts

rate=20
[ -z "$once" ] || rate=40
events=deploy/samples/events.ndjson
say "streaming $(wc -l <$events) sample events, $rate a second: calls, web posts and complaints, Korean and English"
start send "$bin/vocctl" send --as-is --rebase-time --rate $rate $events
sender=${pids[-1]}
unset 'pids[-1]' # it may end

if [ -z "$once" ]; then
  "$bin/vocctl" watch || true
  say "each alert as the receiver got it"
  tail -n +2 "$work/receiver.out"
  kill "$sender" 2>/dev/null || true
  exit 0
fi

say "each alert as the receiver gets it"
tail -n +2 -f --pid=$$ "$work/receiver.out" &
pids+=($!)
wait "$sender" || { cat "$work/send.log" >&2; exit 1; }
for service in classifier aggregator alerter; do
  get $service /metrics >"$work/$service.metrics"
done
check() {
  for service in classifier aggregator alerter; do
    get $service /metrics >"$work/$service.metrics" || return 1
  done
  python3 deploy/demo_check.py "$work" deploy/samples/expected.json "$(wc -l <$events)" "$(wc -l <$facts)" "$@"
}
wait_for 30 "the last alert and the last count" check --quiet || { check || true; exit 1; }
say "the live view at the end"
"$bin/vocctl" watch --once
say "whom to follow up first: the cases whose deadline comes next"
"$bin/vocctl" case list --top 5
say "one of the customers"
"$bin/vocctl" customer C-100201
check
