"""What pages show: numbers and words from a store or a results file, with nothing said of how they are drawn."""
