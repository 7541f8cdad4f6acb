"""`make bench`: how fast each part is, beside what the same broker does with the same bytes in the same run."""
