"""What is stored: tables and the connection to the database, nothing else."""
