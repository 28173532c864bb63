"""The seeded data of the systems whose own data is private: made-up ids and words, no people."""
