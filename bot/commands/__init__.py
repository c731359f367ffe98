"""What `hongyan` does from the command line, one module per command."""
