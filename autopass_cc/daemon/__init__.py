"""The service: tunes in idle time what was built, checks again what is in use, and gives way to everybody."""
