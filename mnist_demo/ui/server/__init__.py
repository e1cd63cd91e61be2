"""Things that the server makes, keeps and computes for all visitors."""
