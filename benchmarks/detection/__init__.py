"""How well the findings tell planted frauds from honest histories."""
