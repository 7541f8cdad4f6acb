"""Fuzzing of everything that reads what strangers send: only named errors, bounded, and never a signature that nobody made."""
