"""The SO(3)-equivariant transformer. Importing this package imports none of its modules: `layout` needs no torch."""
