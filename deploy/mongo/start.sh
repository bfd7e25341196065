#!/bin/sh
# mongod wants its key file to be its own and closed to others; a secret's file is not.
set -eu
umask 077
cat /run/secrets/mongo_keyfile > /tmp/keyfile
# A killed writer's open transaction stops blocking others after 5 s instead of 60. A backup reads one moment of the past
# for as long as it takes: an hour of it is kept instead of five minutes.
exec mongod --replSet rs0 --bind_ip_all --keyFile /tmp/keyfile \
  --setParameter transactionLifetimeLimitSeconds=5 --setParameter minSnapshotHistoryWindowInSeconds=3600
