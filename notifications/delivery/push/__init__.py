"""Web Push: subscriptions, encryption and sending."""
