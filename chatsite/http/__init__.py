"""What every REST view and every HTTP request needs."""
