"""Sharing: proven recipes go from one user's store to others', where and when a user says so; a compile never asks for any."""
