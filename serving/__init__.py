"""Predictions for whoever asks: over HTTP, or for a file of articles."""
