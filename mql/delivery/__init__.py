"""Brings hand-overs to sales: see docs/delivery.md."""
