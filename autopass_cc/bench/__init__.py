"""Rivals on the same work, in the same run: suites of programs, methods that make them faster, and what was measured."""
