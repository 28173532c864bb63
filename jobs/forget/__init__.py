"""Deletion of one person's rows from silver and quarantine, with a proof that none is left."""
