"""How labelled articles become a model version, with figures that can be trusted."""
