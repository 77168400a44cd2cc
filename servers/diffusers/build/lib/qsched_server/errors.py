"""The error that is told in one line."""


class ServerMistake(Exception):
    """Something that the person who starts the server can mend: what is wrong, and what to do."""
