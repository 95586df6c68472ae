"""Configuration: environment variables, limits and the system checks that report a bad value."""
