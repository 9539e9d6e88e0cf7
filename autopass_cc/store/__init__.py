"""What is known and what is published: the SQLite store (one writer) and the flat publication that compiles read."""
