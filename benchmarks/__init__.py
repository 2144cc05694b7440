"""How fast the product is, beside others, as ratios from one run: see README.md."""
