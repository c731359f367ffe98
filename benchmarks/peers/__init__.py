"""What others would use: the same work on their own machinery."""
