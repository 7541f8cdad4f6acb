"""A synthetic economy: mines, concentrators, smelters, refineries, recyclers and battery makers as EPCIS documents.

What is true (flow.py) and what is written down (measuring.py, events.py) are kept apart: the true contained masses balance
to the milligram, and the documents say what instruments with the uncertainties of the rulebook printed of them.
"""
