"""The outside world, one folder per contract: a manifest, its handlers, and the client behind them."""
