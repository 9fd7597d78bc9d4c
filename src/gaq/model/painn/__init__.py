"""PaiNN. Importing this package imports none of its modules: `layout` needs no torch."""
