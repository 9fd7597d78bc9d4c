"""Proofs that the README holds on a fresh machine."""
