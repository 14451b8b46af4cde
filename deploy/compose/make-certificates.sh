#!/usr/bin/env bash
# Certificates and passwords for trying docker-compose.cluster.yml: deploy/compose/make-certificates.sh FOLDER
#
# A CA of its own, a certificate for each broker, one for all Redis nodes, one for the brokers' administrator, and random passwords.
# For trying: the keys are readable by all, since each image runs as another user. Elsewhere they come from your own CA, one secret for each user.
set -euo pipefail
[ $# = 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
[ ! -e ca.pem ] || { echo "$1 has certificates already" >&2; exit 1; }
umask 022
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }; }

quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=voc test CA" -keyout ca.key -out ca.pem \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign

certificate() { # NAME ALSO...: key, certificate and CA in NAME.pem (key first, as Kafka's PEM store wants it), and in two files for Redis
  quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
  quietly openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -out "$1.crt" \
    -extfile <(printf 'subjectAltName=DNS:localhost'; printf ',DNS:%s' "$@"; printf '\nextendedKeyUsage=serverAuth,clientAuth\n')
  cat "$1.key" "$1.crt" ca.pem >"$1.pem"
  rm "$1.csr"
}
for name in kafka-1 kafka-2 kafka-3 admin; do certificate "$name"; done
certificate redis redis-{1,2,3,4,5,6}

word() { openssl rand -hex 16; }
word >kafka-password
voc=$(word) replica=$(word) admin=$(word)
# voc: its own keys, and what it asks a server about itself. replica: what replication needs. admin: makes the cluster.
cat >users.acl <<ACL
user default off
user voc on >$voc ~voc:* resetchannels -@all +@read +@write +@connection +@transaction +@scripting +@keyspace +info +time +role +cluster|slots +cluster|shards -@dangerous +info +role
user replica on >$replica resetchannels -@all +psync +replconf +ping
user admin on >$admin ~* &* +@all
ACL
printf 'masteruser replica\nmasterauth %s\n' "$replica" >redis.conf
printf '%s' "$admin" >redis-admin-password
printf 'rediss-cluster://voc:%s@redis-1:6379,redis-2:6379,redis-3:6379\n' "$voc" >redis-url
cat >kafka-admin.properties <<PROPERTIES
security.protocol=SSL
ssl.keystore.type=PEM
ssl.keystore.location=/certs/admin.pem
ssl.truststore.type=PEM
ssl.truststore.location=/certs/ca.pem
PROPERTIES
chmod 0644 ./*
