"""Served files: large ones are kept compressed beside themselves by the asset step."""

import mimetypes

from fastapi.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class Assets(StaticFiles):
    """Gives a file's compressed copy to whoever takes it; nothing is compressed while one waits."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The copy if there is one and it is accepted, else the file."""
        if not any(name == b"accept-encoding" and b"gzip" in value
                   for name, value in scope["headers"]):  # fmt: skip
            return await super().get_response(path, scope)
        copy, found = self.lookup_path(f"{path}.gz")
        if found is None:
            return await super().get_response(path, scope)
        answer = self.file_response(copy, found, scope)
        kind = mimetypes.guess_type(path)[0] or "text/plain"
        answer.headers["content-type"] = kind + "; charset=utf-8" * kind.startswith("text/")
        answer.headers["content-encoding"] = "gzip"
        answer.headers["vary"] = "accept-encoding"
        return answer
