"""Starts the web app: `python -m web_src`."""

from __future__ import annotations

import os
import sys

import botocore.session

from common.settings import SettingsError
from tabular.json_node import DeclarationError

from . import logs
from .app import create_app
from .database import connection_pool
from .server import serve
from .settings import Settings
from .uploads import UploadSigner


def main() -> None:
    """Serve until the process receives a signal to stop."""
    logs.configure()
    try:
        settings = Settings.from_env(os.environ)
        session = botocore.session.get_session()
        app = create_app(settings, connection_pool(settings, session), UploadSigner(settings, session))
    except (SettingsError, DeclarationError) as error:
        sys.exit(f"web: {error}")
    serve(app, host=settings.host, port=settings.port)


if __name__ == "__main__":
    main()
