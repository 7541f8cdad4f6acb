"""`lodestream demo`: the whole way of an event on this machine, with nothing else installed."""
