"""`lodestream dev`: everything on this machine until Ctrl-C, to develop against."""
