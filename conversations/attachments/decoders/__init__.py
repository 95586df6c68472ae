"""Programs that decode uploads. Each runs in a separate process and imports nothing of the site."""
