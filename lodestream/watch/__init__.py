"""Surveillance over the transactions: rules that need windows, or history across sites, and the clock that sends ticks.

State machines over `records.Outcome`, fed in the order of the log: no clock of their own, no Kafka, nothing kept on disk.
Whoever reads the transactions from the start has the same state and the same findings (runtime-rules section 5).
"""
