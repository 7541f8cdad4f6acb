def incompatibilities(a, b):
    return []
