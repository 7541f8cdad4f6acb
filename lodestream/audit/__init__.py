"""Proof: a book is what its entries give, or the first row that is not so is named."""
