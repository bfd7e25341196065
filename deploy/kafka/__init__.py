"""Apache Kafka of a docker-compose installation."""
