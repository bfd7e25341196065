#!/bin/sh
# mongod wants its key file owned by itself and closed to others; a secret's file is not.
set -eu
install -m 0400 -o mongodb -g mongodb /run/secrets/mongo_keyfile /tmp/keyfile
exec docker-entrypoint.sh mongod --replSet rs0 --bind_ip_all --keyFile /tmp/keyfile \
  --setParameter transactionLifetimeLimitSeconds=5
