"""Files in and out: each room says which kinds it takes and gives; the command, the API and the page ask here.

A kind of file is one line of a table: its name, the verb that it needs, what else has to be said, how it is looked at and
how it is taken in. So every door takes the same kinds, reads them the same way, and refuses with the same words.
"""

from .incoming import Brought, File, Kind, Look, Option, Taken, kind_of, kinds, look, offered, options_from, take
from .outgoing import Outgoing, give, outgoing

__all__ = [
    "Brought", "File", "Kind", "Look", "Option", "Outgoing", "Taken", "give", "kind_of", "kinds", "look", "offered",
    "options_from", "outgoing", "take",
]  # fmt: skip
