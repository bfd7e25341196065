"""MongoDB of a docker-compose installation."""
