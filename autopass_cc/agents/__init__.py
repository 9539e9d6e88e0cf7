"""The minds and the loop: who proposes edits, and what becomes of them."""
