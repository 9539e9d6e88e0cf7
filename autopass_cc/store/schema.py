"""Tables of the store, as named migrations. `PRAGMA user_version` is the number of migrations applied."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x41504343  # "APCC"
MIGRATIONS = Migrations("autopass")


@MIGRATIONS()
def m001_build_record(db: Database) -> None:
    """Create what the journal tells: the last compile of each object and the last link of each output."""
    db.table("compile").create(
        {
            "out": str,
            "root": str,
            "src": str,
            "rel": str,
            "lang": str,
            "level": str,
            "exact": str,
            "inherited": str,
            "digest": str,
            "cwd": str,
            "argv": str,
            "env": str,
            "decision": str,
            "reason": str,
            "recipe": str,
            "at": int,
        },
        pk="out",
    )
    db.table("compile").create_index(["root"])
    db.table("link").create({"out": str, "cwd": str, "argv": str, "env": str, "at": int}, pk="out")
    db.table("journal").create({"inode": int, "offset": int}, pk="inode")


@MIGRATIONS()
def m002_tuning(db: Database) -> None:
    """Create what tuning learns: runs, recipes, candidates with their verdicts, measurements, accepted entries."""
    db.table("run").create(
        {
            "id": int,
            "project": str,
            "root": str,
            "fingerprint": str,
            "toolchain": str,
            "seed": int,
            "state": str,
            "started": int,
            "finished": int,
            "facts": str,
        },
        pk="id",
    )
    db.table("run").create_index(["project", "fingerprint"])
    db.table("recipe").create({"digest": str, "text": bytes}, pk="digest")
    db.table("candidate").create(
        {
            "run": int,
            "module": str,
            "recipe": str,
            "edits": str,
            "mind": str,
            "hypothesis": str,
            "evidence": str,
            "verdict": str,
            "detail": str,
            "screened": float,
            "facts": str,
        },
        pk=("run", "module", "recipe"),
    )
    db.table("measurement").create(
        {"id": int, "run": int, "stage": str, "subject": str, "seq": int, "data": str, "at": int}, pk="id"
    )
    db.table("measurement").create_index(["run", "stage", "subject", "seq"], unique=True)
    db.table("entry").create(
        {
            "project": str,
            "module": str,
            "root": str,
            "recipe": str,
            "exact": str,
            "inherited": str,
            "toolchain": str,
            "digest": str,
            "edits": str,
            "median": float,
            "low": float,
            "high": float,
            "log_e": float,
            "share": float,
            "run": int,
            "state": str,
            "at": int,
            "variant": str,
        },
        pk=("project", "module", "variant"),
    )
    db.table("avoid").create(
        {"toolchain": str, "module": str, "recipe": str, "verdict": str, "detail": str, "at": int},
        pk=("toolchain", "module", "recipe"),
    )


@MIGRATIONS()
def m003_exact_only(db: Database) -> None:
    """Let an entry say why it serves the exact source only (empty: edited ones inherit it)."""
    db.table("entry").add_column("exact_only", str, not_null_default="")


@MIGRATIONS()
def m004_model(db: Database) -> None:
    """Create what the model's side keeps: calls (for budgets), replies, consent, and how a server wants to be asked."""
    db.table("model_call").create(
        {
            "id": int,
            "at": int,
            "host": str,
            "model": str,
            "run": int,
            "module": str,
            "round": int,
            "turn": int,
            "digest": str,
            "prompt_tokens": int,
            "completion_tokens": int,
            "price": float,
            "outcome": str,
        },
        pk="id",
    )
    db.table("model_call").create_index(["run"])
    db.table("model_call").create_index(["at"])
    db.table("model_reply").create(
        {"digest": str, "text": str, "prompt_tokens": int, "completion_tokens": int, "at": int}, pk="digest"
    )
    db.table("model_consent").create({"host": str, "share": str, "at": int}, pk=("host", "share"))
    db.table("model_manner").create({"base_url": str, "model": str, "manner": str}, pk=("base_url", "model"))


@MIGRATIONS()
def m005_portable_keys(db: Database) -> None:
    """Let compiles and entries have the keys that a lock is found by; say of entries where they come from and when checked.

    `origin` is the publication that an entry was taken from ("": proven here), `provenance` where and how it was measured.
    """
    for table in ("compile", "entry"):
        for column in ("portable_exact", "portable_inherited"):
            db.table(table).add_column(column, str, not_null_default="")
    db.table("entry").add_column("origin", str, not_null_default="")
    db.table("entry").add_column("provenance", str, not_null_default="{}")
    db.table("entry").add_column("checked", int, not_null_default=0)
    for column in ("exact", "inherited"):  # and none on the state: SQLite would take it instead of one of these
        db.table("entry").create_index([column])
    db.table("measurement").create_index(["stage"])


@MIGRATIONS()
def m006_service(db: Database) -> None:
    """Create what the service works from: jobs, what was spent, the history of entries, tallies of compiles, null tests."""
    db.table("job").create(
        {
            "id": int,
            "project": str,
            "root": str,
            "kind": str,
            "module": str,
            "state": str,
            "reason": str,
            "priority": float,
            "due": int,
            "kills": int,
            "failures": int,
            "owner": str,
            "run": int,
            "facts": str,
            "created": int,
            "updated": int,
        },
        pk="id",
    )
    db.table("job").create_index(["project", "root", "kind", "module"], unique=True)
    db.table("spent").create({"day": str, "what": str, "amount": float}, pk=("day", "what"))
    db.table("history").create(
        {
            "id": int,
            "at": int,
            "project": str,
            "module": str,
            "variant": str,
            "event": str,
            "recipe": str,
            "median": float,
            "low": float,
            "high": float,
            "detail": str,
        },
        pk="id",
    )
    db.table("history").create_index(["project", "module"])
    db.table("tally").create(
        {"day": str, "root": str, "decision": str, "reason": str, "count": int}, pk=("day", "root", "decision", "reason")
    )
    db.table("null_test").create(
        {
            "id": int,
            "at": int,
            "run": int,
            "stage": str,
            "blocks": int,
            "median": float,
            "low": float,
            "high": float,
            "e_value": float,
            "accepted": int,
        },
        pk="id",
    )
    db.table("setting").create({"name": str, "value": str}, pk="name")


@MIGRATIONS()
def m007_sharing(db: Database) -> None:
    """Create what imports bring, and the traits by which modules are found to be alike."""
    db.table("imported").create(
        {
            "source": str,
            "project": str,
            "module": str,
            "exact": str,
            "inherited": str,
            "portable_exact": str,
            "portable_inherited": str,
            "toolchain": str,
            "level": str,
            "recipe": str,
            "edits": str,
            "median": float,
            "low": float,
            "high": float,
            "log_e": float,
            "share": float,
            "exact_only": str,
            "provenance": str,
            "state": str,
            "at": int,
        },
        pk=("source", "exact", "inherited"),
    )
    for column in ("exact", "inherited"):
        db.table("imported").create_index([column])
    db.table("traits").create(
        {
            "project": str,
            "module": str,
            "variant": str,
            "toolchain": str,
            "lang": str,
            "level": str,
            "cpu": str,
            "vector": str,
            "at": int,
        },
        pk=("project", "module", "variant"),
    )
