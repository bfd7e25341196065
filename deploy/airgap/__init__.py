"""Every image of docker-compose, made without a container registry."""
