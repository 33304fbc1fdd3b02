"""What an article is, and what it can be called."""
