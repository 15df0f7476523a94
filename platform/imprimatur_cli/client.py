"""Speaks HTTP to a running Imprimatur: signs in as a person through the real form, or with an API key."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final, Self

import httpx

API: Final = "/api/v1"
LOGIN: Final = "/accounts/login/"
_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"')


class ServerUnreachable(RuntimeError):
    """Nothing answers at the address. Start the product with ./run, or pass its address with --url."""


class SignInFailed(RuntimeError):
    """The server refused the e-mail address and the password."""


class ApiProblem(RuntimeError):
    """The server refused: RFC 9457's `detail` is the message, `code` is stable, `request_id` finds it in the logs."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        """`body` is the problem+json object; what it lacks stays empty."""
        self.status = status
        self.code = str(body.get("code", f"http_{status}"))
        self.request_id = str(body.get("request_id", ""))
        self.reasons: list[dict[str, Any]] = list(body.get("reasons") or [])
        self.errors: list[dict[str, Any]] = list(body.get("errors") or [])
        super().__init__(str(body.get("detail") or body.get("title") or f"the server answered {status}"))


class Client:
    """One person's session, or one API key. Use it as a context manager; not safe for several threads."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str = "",
        language: str = "en",
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`transport` replaces the network, for tests against an application in this process."""
        headers = {"Accept-Language": language}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.close()

    def sign_in(self, email: str, password: str) -> None:
        """Open a person's session by the sign-in form, its CSRF token included. Raises SignInFailed."""
        found = _TOKEN.search(self._send("GET", LOGIN).text)
        if found is None:
            raise SignInFailed(f"{self._http.base_url} shows no sign-in form: is this an Imprimatur server?")
        form = {"csrfmiddlewaretoken": found[1], "login": email, "password": password}
        answer = self._send("POST", LOGIN, data=form, headers=self._same_site())
        if answer.status_code != httpx.codes.FOUND:
            raise SignInFailed(f"{email} and this password do not open a session")

    def get(self, path: str, **query: Any) -> Any:
        """JSON of `/api/v1<path>`."""
        return self._call("GET", path, params=query).json()

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send JSON to `/api/v1<path>`; None for an empty answer."""
        return _body(self._call("POST", path, json=dict(body or {}), headers=self._writing()))

    def upload(self, path: str, file: tuple[str, bytes, str], fields: Mapping[str, Any] | None = None) -> Any:
        """Send a file `(name, bytes, mime)` as multipart `file` beside the form's fields."""
        answer = self._call("POST", path, files={"file": file}, data=dict(fields or {}), headers=self._writing())
        return _body(answer)

    def download(self, path: str) -> bytes:
        """The bytes of `/api/v1<path>`."""
        return self._call("GET", path).content

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self._send(method, API + path, **options)
        if answer.is_success:
            return answer
        raise ApiProblem(answer.status_code, _problem(answer))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.ConnectError as error:
            raise ServerUnreachable(f"nothing answers at {self._http.base_url}: start it with ./run") from error

    def _writing(self) -> dict[str, str]:
        return {"Idempotency-Key": str(uuid.uuid4()), **self._same_site()}

    def _same_site(self) -> dict[str, str]:
        """What Django's CSRF check asks of a session: the cookie's token, and where the request comes from."""
        headers = {"Referer": f"{self._http.base_url}"}
        for cookie in self._http.cookies.jar:
            if "csrf" in cookie.name and cookie.value:
                headers["X-CSRFToken"] = cookie.value
        return headers


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    """The problem object, or nothing when a proxy answered with something else."""
    if "json" not in answer.headers.get("Content-Type", ""):
        return {}
    body = answer.json()
    return body if isinstance(body, dict) else {}


def _body(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None
