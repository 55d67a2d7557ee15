"""The Python beside the SQL: command line, sample data, publishing."""
