"""A user's project: its autopass.toml, its recorded build, and the replay of that build with candidate recipes."""
