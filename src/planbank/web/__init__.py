"""The site: pages, the parts they are made of, and what stands around them."""
