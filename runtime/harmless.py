"""What a stranger wrote, as it may stand in a line of a log or of a terminal. Commands need it that log nothing."""

# C0, DEL and C1 controls (escape sequences and line breaks among them), line and paragraph separators, and the marks that
# change the direction of text, by which a line can be made to read as another; and halves of characters, which cannot be written.
_REORDERING = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
HARMFUL = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *_REORDERING, *range(0xD800, 0xE000))
_ESCAPES = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in HARMFUL}


def harmless(text: str) -> str:
    """The text as it may stand in one line of a log or of a terminal, whoever wrote it."""
    return text.translate(_ESCAPES)
