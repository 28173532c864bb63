"""Compaction: many small silver files of one day become few large ones, and no row changes."""
