"""What is entered before a browser comes."""
