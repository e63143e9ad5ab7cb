#!/usr/bin/env python3
"""A back end that reaches clients of the router by its HTTP API, with nothing but Python's standard library.

    rpc-dart-router --api
    python3 examples/backend.py push news '{"headline": "Hello"}'
    python3 examples/backend.py call client_… '{"question": "How are you?"}'

The environment may set ROUTER_API (http://127.0.0.1:9091/api/v1) and ROUTER_API_TOKEN.
"""

import json
import os
import sys
import uuid
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

BASE = os.environ.get("ROUTER_API", "http://127.0.0.1:9091/api/v1")
TOKEN = os.environ.get("ROUTER_API_TOKEN")


class ApiError(Exception):
    """A problem document of the router (RFC 9457)."""

    def __init__(self, problem):
        super().__init__(f"{problem['status']} {problem['code']}: {problem['detail']}")
        self.code = problem["code"]


def call_api(path, body, headers=None, timeout_s=60):
    """Posts `body` as JSON and returns the parsed answer. Raises ApiError with the router's reason."""
    request = Request(BASE + path, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})})
    if TOKEN is not None:
        request.add_header("authorization", f"Bearer {TOKEN}")
    try:
        with urlopen(request, timeout=timeout_s) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise ApiError(json.load(error)) from None


def push(group, payload):
    """Sends `payload` to all members of `group`; returns the number of receivers."""
    # with the same key, a repeated call after a lost answer sends nothing twice
    key = {"idempotency-key": str(uuid.uuid4())}
    return call_api("/messages", {"to": {"group": group}, "payload": payload}, key)["receivers"]


def call(client, payload, timeout_ms=10_000):
    """Sends a request to `client` and returns the payload of its response."""
    body = {"to": client, "payload": payload, "timeoutMs": timeout_ms}
    return call_api("/requests", body, timeout_s=timeout_ms / 1000 + 5)["payload"]


def main(arguments):
    if len(arguments) != 3 or arguments[0] not in ("push", "call"):
        print("usage: backend.py push GROUP JSON | call CLIENT JSON", file=sys.stderr)
        return 2
    action, target, text = arguments
    try:
        payload = json.loads(text)
        if action == "push":
            print(f"{push(target, payload)} receivers")
        else:
            print(json.dumps(call(target, payload)))
    except ValueError as error:
        print(f"the payload is not JSON: {error}", file=sys.stderr)
        return 2
    except ApiError as error:
        print(error, file=sys.stderr)
        return 1
    except URLError as error:
        print(f"{BASE} cannot be reached: {error.reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
