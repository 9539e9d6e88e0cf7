"""The closed set of states that an accepted recipe may be in."""

ACTIVE = "active"  # compiles use it
REVERTED = "reverted"  # taken back by the user
DEMOTED = "demoted"  # a later measurement did not show the gain again
