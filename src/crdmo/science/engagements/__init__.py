"""Methods of the contract between sponsor and partner: critical path, three-point estimates, earned value, risk of date and cost."""
