"""Timing that can be believed: runners, randomised blocks, statistics, the oracle and the verdicts.

This room knows nothing of compilers. It is handed things that can be linked afresh (`blocks.Subject`) and says which is faster.
"""
