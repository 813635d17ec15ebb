"""The embedded database: PostgreSQL in HOME/pg, reached by a socket only."""

from planbank.embedded.postgres import EmbeddedPostgres, socket_url

__all__ = ["EmbeddedPostgres", "socket_url"]
