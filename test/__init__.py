"""Makes `python -m test.oracle` find this folder before the standard library's own package of that name."""
