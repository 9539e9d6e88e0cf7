"""Check identity on every recorded compile of a project: the base pipeline through the plugin against plain clang.

Usage: identity_of_build.py PROJECT   (a folder with autopass.toml, built with CC=autopass-cc while recording was on)
"""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autopass_cc.project import config, journal
from autopass_cc.project.modules import TUNABLE
from autopass_cc.project.replay import without_outputs
from autopass_cc.store.builds import CompileRecord
from autopass_cc.toolchain import identity, registry


def main() -> int:
    root = config.find_root(Path(sys.argv[1]).absolute())
    records = {r.out: r for r in journal.read_new({}).records if isinstance(r, CompileRecord) and r.root == str(root)}
    tunable = [record for record in records.values() if record.decision in TUNABLE]
    toolchain = registry.ensure(tunable[0].argv[0].replace("clang++", "clang"))

    def check(record: CompileRecord) -> str | None:
        return identity.check(toolchain, [record.argv[0], *without_outputs(record.argv)], record.cwd, record.level)

    with ThreadPoolExecutor(2) as pool:
        problems = list(pool.map(check, tunable))
    for record, problem in zip(tunable, problems, strict=True):
        if problem:
            print(f"{record.rel} at -{record.level}: {problem}")
    levels = Counter(record.level for record in tunable)
    left = Counter(record.reason for record in records.values() if record.decision not in TUNABLE)
    different = sum(problem is not None for problem in problems)
    print(f"{toolchain.version}: {len(tunable)} compiles ({dict(levels)}), {different} differ; left to clang: {dict(left)}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
