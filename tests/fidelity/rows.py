"""All cases, in the order of their rows."""

from __future__ import annotations

from fidelity import rows_detection, rows_diagnostics, rows_inputs, rows_optimizer, rows_outputs, rows_process, rows_reproducible

ROWS = range(1, 105)
_SECTIONS = (
    rows_inputs,
    rows_outputs,
    rows_optimizer,
    rows_reproducible,
    rows_diagnostics,
    rows_process,
    rows_detection,
)
CASES = [each for section in _SECTIONS for each in section.CASES]
