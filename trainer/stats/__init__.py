"""What is in a file of records: counts, sizes, what is broken or there twice, and what test has in common with train."""
