"""Every refusal becomes an RFC 9457 problem in the caller's language; one place, so that none leaks more."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from jieying.kit.errors import Refused
from jieying.kit.texts import Language, choose_language, text

log = logging.getLogger(__name__)

# What the framework itself refuses, in our words.
_FRAMEWORK = {400: "malformed_body", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def problem(request: Request, status: int, code: str, params: dict[str, Any]) -> JSONResponse:
    default: Language = request.app.state.language
    language = choose_language(request.headers.get("accept-language"), default)
    body = {
        "type": f"urn:jieying:problem:{code}",
        "title": text(f"problem_title.{status}", language),
        "status": status,
        "detail": text(f"problem.{code}", language, **params),
        "code": code,
        "params": params,
    }
    headers: dict[str, str] = {"Content-Language": language}
    if status == 503:
        headers["Retry-After"] = "2"
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Handle refusals, invalid bodies, unknown routes and what nobody expected."""

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        return problem(request, error.status, error.code, error.params)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        # The name of a field that should not be there is the sender's own text: short, and fit to be sent back.
        where = ".".join(str(part) for part in first["loc"] if part != "body")[:100].encode(errors="replace").decode()
        if first["type"] == "json_invalid":
            return problem(request, 400, "malformed_json", {"position": where})
        # The kind of the fault only: its message may repeat what was sent.
        return problem(request, 422, "invalid_field", {"field": where or "body", "fault": first["type"]})

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> JSONResponse:
        return problem(request, error.status_code, _FRAMEWORK.get(error.status_code, "refused"), {})

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(request, 500, "internal", {})
