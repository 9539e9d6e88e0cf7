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
