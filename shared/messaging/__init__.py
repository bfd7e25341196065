"""Telling and hearing over Kafka: outbox and relay, consumer and inbox."""
