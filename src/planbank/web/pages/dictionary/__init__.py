"""The structure dictionary of a protocol: rules, what a change would do, types, history."""
