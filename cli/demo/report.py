"""x"""


def report(to, own, credentials, interruption):
    """x"""
