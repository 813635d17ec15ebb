"""Events that people should hear of; any room above writes one, services/notify sends them."""
