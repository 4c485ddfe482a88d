"""The HTTP API, made from the declared questions: reading, answering, describing, guarding."""
