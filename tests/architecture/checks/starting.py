"""What happens when a module is imported: nothing but definitions."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_LOOK: Final = """
import importlib, json, socket, sys, threading, warnings
warnings.simplefilter("ignore")
faults = []
def refuse(*arguments, **options):
    raise RuntimeError("a socket is opened")
socket.socket.connect = socket.socket.bind = socket.create_connection = refuse
def watch(kind):
    made = kind.__init__
    def note(self, *arguments, **options):
        faults.append(f"{importing} makes a {kind.__name__}")
        made(self, *arguments, **options)
    kind.__init__ = note
import pymongo, kafka, apscheduler.schedulers.background
for kind in (pymongo.MongoClient, kafka.KafkaConsumer, kafka.KafkaProducer, kafka.KafkaAdminClient,
             apscheduler.schedulers.background.BackgroundScheduler):
    watch(kind)
for importing in json.loads(sys.argv[1]):
    before = threading.active_count()
    try:
        importlib.import_module(importing)
    except BaseException as error:
        faults.append(f"{importing} cannot be imported: {error!r}")
    if threading.active_count() > before:
        faults.append(f"{importing} starts a thread")
print(json.dumps(faults))
"""


def import_faults(modules: Sequence[str], folder: Path) -> list[str]:
    """Import the modules one by one in a process of its own, where nothing can be reached; what they try there."""
    command = [sys.executable, "-c", _LOOK, json.dumps(list(modules))]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    found: list[str] = json.loads(ended.stdout.splitlines()[-1])
    return found
