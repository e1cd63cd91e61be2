"""Files made of a run: one flow for the run on the page and for saved ones."""
