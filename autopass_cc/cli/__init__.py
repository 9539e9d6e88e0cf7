"""The `autopass` command line: thin commands, one file a group."""
