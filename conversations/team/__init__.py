"""What the members of a business keep of a conversation among themselves. The customer never sees any of it."""
