"""The nouns that several services share: contracts and physical things."""
