"""The HTTP door as a Flask application: routes from a table, problems for every fault, OpenAPI and its page.

flask-smorest parses and documents; `shared.http.routes` admits and answers.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

import structlog
from flask import Blueprint as Pages
from flask import Flask, Response, g, jsonify, request
from flask_smorest import Api, Blueprint
from flask_smorest.utils import prepare_response
from flask_swagger_ui import get_swaggerui_blueprint
from marshmallow import RAISE
from pymongo.errors import ConnectionFailure, ExecutionTimeout
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from shared.contracts import ContractBroken
from shared.errors import Fault, Refused, TransientFailure
from shared.http import problems
from shared.http.routes import CLINIC, Call, Door, File, Route, example_of
from shared.ids import new_id
from shared.telemetry import metrics, tracing

MAX_BODY_BYTES = 256 * 1024
HEARD_OUT_BYTES = 16 * 1024 * 1024
RETRY_AFTER_SECONDS = 2
Check = Callable[[], None]
"""A readiness check: returns when all is well, raises otherwise."""
log = structlog.get_logger()


class _Api(Api):  # type: ignore[misc]
    """flask-smorest with RFC 9457 problems, in answers and in the description."""

    ERROR_SCHEMA = problems.ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Any:
        return _problem_of_http(error)

    def _register_responses(self) -> None:
        for name, about in (*((status.name, status.phrase) for status in HTTPStatus), ("DEFAULT_ERROR", "A problem")):
            response = {"description": about, "schema": problems.ProblemSchema}
            prepare_response(response, self.spec, problems.MEDIA_TYPE)
            self.spec.components.response(name, response, lazy=True)


def create_app(
    service: str,
    about: str,
    routes: Iterable[Route],
    door: Door[Any],
    *,
    checks: Mapping[str, Check],
    pages: Iterable[Pages] = (),
) -> Flask:
    """The web process's application under `/<service>`: API, patients' pages, description, health and metrics."""
    app = Flask(service, static_folder=None)
    app.config.update(_smorest_settings(service, about))
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _observe(app)
    app.after_request(_hear_out)
    _tell_faults(app)
    api = _Api(app)
    api.spec.components.security_scheme("access_key", {"type": "http", "scheme": "bearer"})
    blueprint = Blueprint("api", __name__, url_prefix=f"/{service}/v1")
    for route in routes:
        _add(blueprint, route, door)
    api.register_blueprint(blueprint)
    docs = get_swaggerui_blueprint(f"/{service}/docs", f"/{service}/openapi.json", config={"app_name": about})
    app.register_blueprint(docs)
    for page in pages:
        app.register_blueprint(page)
    add_health(app, checks)
    return app


def _smorest_settings(service: str, about: str) -> dict[str, Any]:
    return {
        "API_TITLE": f"Kadence {service}",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": f"/{service}",
        "OPENAPI_JSON_PATH": "openapi.json",
        "API_SPEC_OPTIONS": {"info": {"description": about}},
    }


def _add(blueprint: Blueprint, route: Route, door: Door[Any]) -> None:
    """Give the route its view: flask-smorest parses what the schemas say, the door does the rest."""

    def view(*parsed: Mapping[str, Any], **arguments: str) -> Response:
        return _answer(door, route, parsed, arguments)

    view.__name__ = route.name
    view.__doc__ = f"{route.summary}\n\n{route.description}"
    described: Callable[..., Any] = _answered(blueprint, route)(view)
    if route.body is not None:
        example = example_of(route.body)
        described = blueprint.arguments(route.body, content_type="application/json", example=example)(described)
    if route.query is not None:
        described = blueprint.arguments(route.query, location="query", unknown=RAISE)(described)
    described = blueprint.doc(**_described(route))(described)
    blueprint.route(route.path, methods=[route.method], tags=[route.tag])(_admitted_first(described, route, door))


def _answered(blueprint: Blueprint, route: Route) -> Callable[..., Any]:
    """Describes what the route answers with."""
    if isinstance(route.answer, File):
        media_type = route.answer.media_type.partition(";")[0]
        content = {"type": "object"} if media_type.endswith("json") else {"type": "string", "format": "binary"}
        described = blueprint.response(route.status, content, content_type=media_type)
    else:
        described = blueprint.response(route.status, route.answer)
    return cast("Callable[..., Any]", described)


def _admitted_first(view: Callable[..., Any], route: Route, door: Door[Any]) -> Callable[..., Any]:
    """Nobody learns from a parser's faults what they may not call."""

    @wraps(view)
    def admitted(**arguments: str) -> Any:
        g.caller = door.admit(route, request.headers.get("Authorization"), arguments.get(CLINIC))
        _require_json()
        return view(**arguments)

    return admitted


def _require_json() -> None:
    """Refuse a body that the parser would take for none at all, or that no parser could take."""
    said = request.get_data()
    if not said:
        return
    if not request.is_json:
        raise UnsupportedMediaType("Send the body as application/json.")
    try:
        json.loads(said, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise BadRequest("This JSON is nested too deeply.") from error
    except ValueError as error:
        raise BadRequest("This is not JSON.") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _answer(
    door: Door[Any], route: Route, parsed: tuple[Mapping[str, Any], ...], arguments: Mapping[str, str]
) -> Response:
    # The outermost decorator's arguments come first: query before body.
    by_part = dict(zip(("query", "body") if route.query else ("body",), parsed, strict=False))
    call = Call(
        caller=g.caller,
        path=request.path,
        arguments=arguments,
        body=by_part.get("body", {}),
        query=by_part.get("query", {}),
        said=request.get_json(silent=True),
        idempotency_key=request.headers.get("Idempotency-Key"),
        if_match=request.headers.get("If-Match"),
        correlation_id=g.correlation_id,
    )
    answer = door.answer(route, call)
    if isinstance(route.answer, File):
        return Response(answer.body, answer.status, content_type=route.answer.media_type)
    response = jsonify(answer.body)
    response.status_code = answer.status
    if answer.status >= HTTPStatus.BAD_REQUEST:
        response.mimetype = problems.MEDIA_TYPE
    if answer.etag:
        response.headers["ETag"] = answer.etag
    return response


def _described(route: Route) -> dict[str, Any]:
    headers = []
    if route.acts:
        headers.append(_header("Idempotency-Key", "New for each new intent; a repetition has its effect once.", 255))
    if route.changes:
        headers.append(_header("If-Match", "ETag of the version that is changed.", 30, '^"[0-9]+"$'))
    description = f"{route.description}\n\nScope: {' or '.join(sorted(route.scopes))}."
    return {
        "operationId": route.name,
        "description": description.strip(),
        "security": [{"access_key": []}],
        # A list given here stands in for the one that flask-smorest makes of the query's schema.
        **({"parameters": headers} if headers else {}),
        "responses": {str(int(status)): status.name for status in _refusals(route)},
    }


def _refusals(route: Route) -> list[HTTPStatus]:
    statuses = [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE]
    if route.method != "GET":
        statuses += [HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY]
        statuses += [HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    if route.changes:
        statuses += [HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED]
    return statuses


def _header(name: str, about: str, length: int, pattern: str = "^[ -~]+$") -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": length, "pattern": pattern}
    return {"in": "header", "name": name, "required": True, "description": about, "schema": schema}


def _hear_out(response: Response) -> Response:
    """Read what the caller still sends: hung up on in mid-sentence, it would never see the answer."""
    rest = request.environ["wsgi.input"]
    for _ in range(HEARD_OUT_BYTES // MAX_BODY_BYTES):
        if not rest.read(MAX_BODY_BYTES):
            break
    return response


def _tell_faults(app: Flask) -> None:
    app.register_error_handler(Refused, _problem_of_refusal)
    for failure in (TransientFailure, ConnectionFailure, ExecutionTimeout):
        app.register_error_handler(failure, _problem_of_failure)
    app.register_error_handler(HTTPException, _problem_of_http)
    app.register_error_handler(ContractBroken, _problem_of_bug)
    app.register_error_handler(Exception, _problem_of_bug)


def _problem(status: HTTPStatus, document: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    response = jsonify(document)
    response.status_code = int(status)
    response.mimetype = problems.MEDIA_TYPE
    response.headers.update(headers or {})
    return response


def _problem_of_refusal(refusal: Refused) -> Response:
    status = problems.status_of(refusal)
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return _problem(status, problems.of_refusal(refusal), headers)


def _problem_of_failure(failure: Exception) -> Response:
    log.warning("transient failure", error=str(failure))
    status = HTTPStatus.SERVICE_UNAVAILABLE
    document = problems.problem(status, "try-again", "This did not work just now; repeat the same request.")
    return _problem(status, document, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _problem_of_http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    parsed = getattr(error, "data", None) or {}
    faults = _faults(parsed.get("messages", {}))
    code = "invalid" if faults else status.phrase.lower().replace(" ", "-")
    detail = "Some fields are wrong; see errors." if faults else str(error.description)
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return _problem(status, problems.problem(status, code, detail, faults), headers)


def _faults(messages: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Faults of the body point into the body, those of the query into `/query`."""
    return (*problems.faults_of(messages.get("json", {})), *problems.faults_of(messages.get("query", {}), "/query"))


def _problem_of_bug(bug: Exception) -> Response:
    log.error("bug", exc_info=bug)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _problem(status, problems.problem(status, "bug", "This is our fault; the trace_id finds it in our logs."))


def _observe(app: Flask) -> None:
    """One span, one log line and one observation per request; the route's rule stands for the path."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()
        g.span = _span()
        g.span.__enter__()
        g.correlation_id = _correlation_id()
        structlog.contextvars.bind_contextvars(trace_id=tracing.trace_id(), correlation_id=g.correlation_id)

    @app.after_request
    def note(response: Response) -> Response:
        seconds = time.monotonic() - g.began
        metrics.observe_request(request.method, _rule(), response.status_code, seconds)
        if not _is_probe():
            log.info(
                "answered",
                method=request.method,
                route=_rule(),
                status=response.status_code,
                ms=round(seconds * 1000, 1),
            )
        response.headers.setdefault("X-Correlation-ID", g.correlation_id)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if running := g.pop("span", None):
            running.__exit__(None, None, None)
        structlog.contextvars.unbind_contextvars("trace_id", "correlation_id")


_HEALTH = ("/livez", "/readyz", "/metrics")


def _is_probe() -> bool:
    """Probes come every second; they are no news."""
    return request.url_rule is not None and _rule().startswith(_HEALTH)


def _span() -> AbstractContextManager[None]:
    if _is_probe():
        return nullcontext()
    return tracing.span(f"{request.method} {_rule()}", request.headers.get("traceparent", ""))


def _rule() -> str:
    return request.url_rule.rule if request.url_rule else "(no route)"


def _correlation_id() -> str:
    given = request.headers.get("X-Correlation-ID", "")
    return given if given and len(given) <= 64 and given.isascii() and given.isprintable() else new_id()  # noqa: PLR2004


def add_health(app: Flask, checks: Mapping[str, Check]) -> None:
    """Give the application `/livez`, `/readyz` and `/metrics`."""
    app.add_url_rule("/livez", "livez", lambda: Response("ok\n", mimetype="text/plain"))
    app.add_url_rule("/readyz", "readyz", lambda: ready(checks))
    app.add_url_rule("/metrics", "metrics", lambda: Response(metrics.exposition(), mimetype="text/plain"))


def ready(checks: Mapping[str, Check]) -> Response:
    """200 when every check passes; else 503 with the names of those that do not."""
    failing = sorted(name for name, check in checks.items() if not _passes(check))
    response = jsonify({"ready": not failing, "failing": failing})
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE if failing else HTTPStatus.OK
    return response


def _passes(check: Check) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001 -- whatever a check raises means "not ready"
        log.warning("not ready", error=str(error))
        return False
    return True
