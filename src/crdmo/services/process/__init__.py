"""Process development: from the profile of a product to the control strategy that its recipe is held to."""
