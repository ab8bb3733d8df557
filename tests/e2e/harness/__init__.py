"""Real servers and programs for end-to-end tests; see ../README.md."""
