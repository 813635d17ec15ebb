"""The process `web`: the site under gunicorn, threads inside."""

from __future__ import annotations

from typing import Any

from gunicorn.app.base import BaseApplication

from planbank.config import Settings
from planbank.processes.garbage import collect_less


class _Site(BaseApplication):  # type: ignore[misc]
    """gunicorn with our settings instead of a file of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"{self._settings.web_host}:{self._settings.web_port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": 8,
            "timeout": 60,
            "graceful_timeout": 5,
            "keepalive": 5,
            "worker_tmp_dir": "/dev/shm",  # noqa: S108 - heartbeat file, holds nothing
            "proc_name": "planbank web",
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        from planbank.wsgi import site

        loaded = site(self._settings)
        collect_less()
        return loaded


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT."""
    _Site(settings).run()
    return 0
