"""The same product as commands, one file each."""
