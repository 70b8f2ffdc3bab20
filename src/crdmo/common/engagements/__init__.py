"""The contract layer: agreements, work orders, priced lines, milestones that records meet, the plan."""
