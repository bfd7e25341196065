#!/bin/sh
# start.sh NODE HOST BROKERS: node number NODE, called HOST, of the brokers `kafka:9092,…`; each is broker and
# controller. Whoever connects has a password: clients and brokers by SCRAM, controllers among themselves by PLAIN.
set -eu
umask 077
node=$1 host=$2 voters="" copies=0
for broker in $(echo "$3" | tr ',' ' '); do
  copies=$((copies + 1))
  voters="$voters${voters:+,}$copies@${broker%:*}:9093"
done
password=$(cat /run/secrets/kafka_password)
settled=$((copies > 1 ? copies - 1 : 1))
scram="org.apache.kafka.common.security.scram.ScramLoginModule required username=\"kafka\" password=\"$password\";"
plain="org.apache.kafka.common.security.plain.PlainLoginModule required username=\"kafka\" password=\"$password\""

cat > /tmp/server.properties <<END
process.roles=broker,controller
node.id=$node
controller.quorum.voters=$voters
controller.listener.names=CONTROLLER
listeners=CLIENTS://:9092,CONTROLLER://:9093
advertised.listeners=CLIENTS://$host:9092
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
inter.broker.listener.name=CLIENTS
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=PLAIN
listener.name.clients.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=$scram
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=$plain user_kafka="$password";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:kafka
allow.everyone.if.no.acl.found=false
log.dirs=/var/lib/kafka/data
auto.create.topics.enable=false
default.replication.factor=$copies
min.insync.replicas=$settled
offsets.topic.replication.factor=$copies
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$settled
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$settled
group.initial.rebalance.delay.ms=1000
# After a kill -9 the controller takes the broker back only when its old session is over: 3 s instead of 9.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
END

java="java -Xms256m -Xmx512m -XX:+UseSerialGC -Dlog4j2.level=WARN -cp /opt/kafka/libs/*"
set -f
# Kafka marks a folder as formatted last: one that was formatted half-way is formatted again.
if [ ! -e /var/lib/kafka/data/meta.properties ]; then
  $java kafka.tools.StorageTool format --cluster-id "$(cat /run/secrets/kafka_cluster_id)" \
    --config /tmp/server.properties --add-scram "SCRAM-SHA-512=[name=kafka,password=$password]"
fi
exec $java kafka.Kafka /tmp/server.properties
