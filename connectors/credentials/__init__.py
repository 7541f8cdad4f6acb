"""Suppliers' credentials: the ways in, the folder in which they are kept, and the way on to the inbox and to the books."""
