"""NequIP. Importing this package imports none of its modules."""
