"""The demonstration: one real programme's published figures, and marked synthetic sites around them."""
