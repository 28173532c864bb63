"""The seeded generator of the sample input: real prices, made-up trades, planted dirt."""
