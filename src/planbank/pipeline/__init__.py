"""Services, their outcomes and the queue that runs them."""
