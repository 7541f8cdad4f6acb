"""Event documents in files: the way in for a folder, and for whoever tries his events before he sends them."""
