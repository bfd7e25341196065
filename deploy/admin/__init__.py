"""The operator's command line, `kadence` in the image and `python -m deploy.admin` anywhere: one file for each group.

Speaks to the platform's HTTP API with the operator's key, so it runs wherever the gateway can be reached. The key comes
from a file, never from the command line, where every user of the machine could read it.
"""
