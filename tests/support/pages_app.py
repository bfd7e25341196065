"""A web application of nothing but pages. Tests make one each; what Jinja compiled for one serves them all."""

from typing import Final

from flask import Blueprint, Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class _Compiled(BytecodeCache):
    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED: Final = _Compiled()


def pages_app(pages: Blueprint) -> Flask:
    app = Flask(pages.name, static_folder=None)
    app.jinja_options = {"bytecode_cache": COMPILED}
    app.register_blueprint(pages)
    return app
