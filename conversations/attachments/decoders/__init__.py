"""Programs that decode uploads. Each runs in a process of its own and imports nothing of the site."""
