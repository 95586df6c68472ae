"""All that knows the internals of uvicorn or daphne."""
