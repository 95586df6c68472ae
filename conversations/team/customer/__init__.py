"""What members see of a customer beside the conversation."""
