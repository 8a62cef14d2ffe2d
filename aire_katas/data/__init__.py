"""Languages whose best possible loss is known exactly: what the training katas learn and are judged by."""
