"""What of the store may be published: keys and recipes that are digests, and recipes whose text is in the grammar.

Compiles believe nothing that they read, but what is published is a promise, and its recipes are files named by what stands in
the database: no other name than a digest ever becomes a path.
"""

from __future__ import annotations

import re

from autopass_cc.digest import digest_of
from autopass_cc.errors import RecipeError
from autopass_cc.store.database import Rows

DIGEST = re.compile(r"[0-9a-f]{32}")


def _is_digest(column: str) -> str:
    """Return the condition that a text is 32 hex digits. SQL's own functions see a text only up to its first NUL."""
    return f"length({column}) = 32 and length(cast({column} as blob)) = 32 and {column} not glob '*[^0-9a-f]*'"


# A row of `entry` or `imported` of the right types. What is made of the rows is looked at as a whole where there are many.
TYPED = (
    "(typeof(recipe) = 'text' and typeof(exact) = 'text' and typeof(inherited) = 'text' and typeof(module) = 'text' "
    "and typeof(exact_only) = 'text' and typeof(edits) = 'text' and typeof(provenance) = 'text' "
    "and json_valid(edits) and json_valid(provenance) and typeof(median) in ('real', 'integer') and median between -50 and 50)"
)
# One that may be published. A recipe of zeros would say in the index that its key has none.
PUBLISHABLE = (
    f"({TYPED} and {_is_digest('recipe')} and recipe <> '{'0' * 32}' "
    f"and (exact = '' or {_is_digest('exact')}) and (inherited = '' or {_is_digest('inherited')}))"
)


def text_of(db: Rows, digest: str) -> bytes:
    """Return the text of a recipe that the store has under its right name; raises KeyError."""
    for (text,) in db.execute("select text from recipe where digest = ?", [digest]):
        if isinstance(text, bytes) and digest_of(text) == digest:
            return text
    raise KeyError(digest)


def sound_text(db: Rows, digest: str) -> bytes:
    """Return the text of a recipe that the store has and that is in the grammar; raises KeyError."""
    from autopass_cc.recipe.recipe import Recipe  # the grammar is large, and most commands write nothing

    text = text_of(db, digest)
    try:
        Recipe.parse(text)
    except RecipeError:
        raise KeyError(digest) from None
    return text
