"""Lodestream on this machine: a folder, a broker and the workers, as `demo` and `dev` run them."""
