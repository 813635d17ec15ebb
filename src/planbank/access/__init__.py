"""Who may do what: actions are a flat list, policy is the only place that decides."""
